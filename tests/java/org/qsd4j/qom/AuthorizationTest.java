package org.qsd4j.qom;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.ObjectOptions;
import org.qsd4j.qapi.json.JsonParser;

class AuthorizationTest {
    private final QomTree tree = new QomTree();
    private final ObjectRegistry objects = new ObjectRegistry(tree, line -> {});

    private void add(String options) {
        objects.add(ObjectOptions.visit(new JsonInputVisitor(JsonParser.parse(options)), null));
    }

    @Test
    void aSimpleOneLetsOneIn() {
        add("{'qom-type': 'authz-simple', 'id': 'a', 'identity': 'CN=x'}");
        assertThat(objects.isAuthorized("a", "CN=x")).isTrue();
        assertThat(objects.isAuthorized("a", "CN=xy")).isFalse();
        objects.delete("a");
        assertThat(objects.isAuthorized("a", "CN=x")).isFalse();
    }

    @Test
    void theFirstRuleThatMatchesDecides() {
        add("{'qom-type': 'authz-list', 'id': 'l', 'policy': 'allow', 'rules': ["
                + "{'match': 'CN=b*n,O=?', 'policy': 'deny', 'format': 'glob'},"
                + "{'match': 'CN=b*', 'policy': 'allow'}, {'match': 'CN=c', 'policy': 'deny'}]}");
        assertThat(objects.isAuthorized("l", "CN=ben,O=x")).isFalse();
        assertThat(objects.isAuthorized("l", "CN=ben,O=xy")).isTrue();
        assertThat(objects.isAuthorized("l", "CN=b*")).isTrue();
        assertThat(objects.isAuthorized("l", "CN=c")).isFalse();
        assertThat(objects.isAuthorized("l", "CN=d")).isTrue();
    }

    @Test
    void anEmptyListDeniesAndSoDoesOneThatIsNotThere() {
        add("{'qom-type': 'authz-list', 'id': 'l'}");
        assertThat(objects.isAuthorized("l", "CN=x")).isFalse();
        assertThat(objects.isAuthorized("none", "CN=x")).isFalse();
    }

    @Test
    @Timeout(5)
    void globsTakeNoTime() {
        assertThat(Glob.matches("*a*a*a*a*a*a*a*a*a*b", "a".repeat(4000))).isFalse();
        assertThat(Glob.matches("", "")).isTrue();
        assertThat(Glob.matches("**", "")).isTrue();
        assertThat(Glob.matches("?", "")).isFalse();
        assertThat(Glob.matches("a*b", "acbd")).isFalse();
        assertThat(Glob.matches("a*b", "acbdb")).isTrue();
    }

    @Test
    void whatTheRealDaemonRefusesIsRefused() {
        refuses("{'qom-type': 'authz-pam', 'id': 'a', 'service': 'x'}", "invalid object type: authz-pam");
        refuses("{'qom-type': 'authz-listfile', 'id': 'a', 'filename': 'x'}", "invalid object type: authz-listfile");
        refuses("{'qom-type': 'tls-cipher-suites', 'id': 'a'}", "invalid object type: tls-cipher-suites");
        refuses("{'qom-type': 'authz-simple', 'id': 'a'}", "Parameter 'identity' is missing");
        refuses(
                "{'qom-type': 'authz-list-file', 'id': 'a'}",
                "Parameter 'qom-type' does not accept value 'authz-list-file'");
        assertThat(tree.objects().find("a")).isNull();
    }

    private void refuses(String options, String message) {
        assertThatThrownBy(() -> add(options)).hasMessage(message);
    }
}

package org.qsd4j.qom;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import org.qsd4j.qapi.InputVisitor;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.AuthZListProperties;
import org.qsd4j.qapi.gen.QAuthZListFormat;
import org.qsd4j.qapi.gen.QAuthZListPolicy;
import org.qsd4j.qapi.gen.QAuthZListRule;

/** Rules, of which the first that matches decides. QEMU: {@code authz-list}. */
final class AuthzListObject implements Authorizer {
    /** Written on the main loop, read by threads of connections, as are the rules. */
    private volatile QAuthZListPolicy policy;

    private volatile List<QAuthZListRule> rules;

    AuthzListObject(AuthZListProperties properties) {
        policy = properties.policy() == null ? QAuthZListPolicy.DENY : properties.policy();
        rules = properties.rules() == null ? List.of() : properties.rules();
    }

    @Override
    public boolean isAllowed(String identity) {
        for (QAuthZListRule rule : rules) {
            if (matches(rule, identity)) {
                return rule.policy() == QAuthZListPolicy.ALLOW;
            }
        }
        return policy == QAuthZListPolicy.ALLOW;
    }

    private static boolean matches(QAuthZListRule rule, String identity) {
        return rule.format() == QAuthZListFormat.GLOB
                ? Glob.matches(rule.match(), identity)
                : rule.match().equals(identity);
    }

    @Override
    public String qomType() {
        return "authz-list";
    }

    @Override
    public List<QomProperty> properties() {
        return List.of(
                new QomProperty(
                        "policy",
                        "QAuthZListPolicy",
                        () -> TextNode.valueOf(policy.wireName()),
                        QomValues.setter(
                                "policy",
                                visitor -> QAuthZListPolicy.visit(visitor, "policy"),
                                written -> policy = written)),
                new QomProperty(
                        "rules",
                        "QAuthZListRule",
                        this::rulesAsJson,
                        QomValues.setter("rules", AuthzListObject::readRules, written -> rules = written)));
    }

    private static List<QAuthZListRule> readRules(InputVisitor visitor) {
        List<QAuthZListRule> rules = new ArrayList<>();
        visitor.startList("rules");
        while (visitor.nextElement()) {
            rules.add(QAuthZListRule.visit(visitor, null));
        }
        visitor.endList();
        return rules;
    }

    private ArrayNode rulesAsJson() {
        ArrayNode list = QapiJson.array();
        rules.forEach(rule -> list.add(rule.toJson()));
        return list;
    }
}

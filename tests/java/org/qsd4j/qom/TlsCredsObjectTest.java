package org.qsd4j.qom;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.ObjectOptions;
import org.qsd4j.qapi.json.JsonParser;
import org.qsd4j.testing.TlsFiles;

/** All messages are the real daemon's. */
class TlsCredsObjectTest {
    private static final String CA = "ca-cert.pem";
    private static final String CERT = "server-cert.pem";
    private static final String KEY = "server-key.pem";

    @TempDir
    Path temp;

    private final QomTree tree = new QomTree();
    private final List<String> warnings = new ArrayList<>();
    private final ObjectRegistry objects = new ObjectRegistry(tree, warnings::add);

    private void add(String options) {
        objects.add(ObjectOptions.visit(new JsonInputVisitor(JsonParser.parse(options)), null));
    }

    private void add(String type, Path dir, String more) {
        add("{'qom-type': '" + type + "', 'id': 't', 'dir': '" + dir + "'" + more + "}");
    }

    /** DIR in the message is the directory. */
    private void refuses(Path dir, String more, String message) {
        assertThatThrownBy(() -> add("tls-creds-x509", dir, more)).hasMessage(message.replace("DIR", dir.toString()));
    }

    private void refusesServer(Path dir, String message) {
        refuses(dir, ", 'endpoint': 'server'", message);
    }

    @Test
    void propertiesAreShown() throws Exception {
        add("tls-creds-x509", TlsFiles.server(temp), ", 'endpoint': 'server', 'verify-peer': false");
        QomObject object = Objects.requireNonNull(tree.objects().find("t"));
        assertThat(object.properties().stream()
                        .map(p -> p.name() + " " + p.type() + " " + p.value().get()))
                .containsExactly(
                        "endpoint QCryptoTLSCredsEndpoint \"server\"",
                        "dir string \""
                                + object.properties().get(1).value().get().asText() + "\"",
                        "verify-peer bool false",
                        "priority string \"\"",
                        "sanity-check bool true",
                        "passwordid string \"\"");
    }

    @Test
    void filesHaveToBeThereInPairs() throws Exception {
        assertThatThrownBy(() -> add("{'qom-type': 'tls-creds-x509', 'id': 't'}"))
                .hasMessage("Missing 'dir' property value");
        refusesServer(temp, "Unable to access credentials DIR/ca-cert.pem: No such file or directory");
        refusesServer(
                TlsFiles.directory(temp, CA, CA),
                "Missing server cert 'DIR/server-cert.pem' & key 'DIR/server-key.pem'");
        refusesServer(
                TlsFiles.directory(temp, CA, CA, CERT, CERT),
                "Cert 'DIR/server-cert.pem' without corresponding key 'DIR/server-key.pem'");
        refusesServer(
                TlsFiles.directory(temp, CA, CA, KEY, KEY),
                "Key 'DIR/server-key.pem' without corresponding cert 'DIR/server-cert.pem'");
        add("tls-creds-x509", TlsFiles.directory(temp, CA, CA), "");
        objects.tlsCreds("t", false);
        assertThatThrownBy(() -> objects.tlsCreds("t", true))
                .hasMessage("Expected TLS credentials for a server endpoint");
    }

    @Test
    void certificatesAreLookedAt() throws Exception {
        refusesServer(
                TlsFiles.directory(temp, CA, CA, CERT, "expired-cert.pem", KEY, KEY),
                "The server certificate DIR/server-cert.pem has expired");
        refusesServer(
                TlsFiles.directory(temp, CA, CA, CERT, "authority-cert.pem", KEY, KEY),
                "The certificate DIR/server-cert.pem basic constraints show a CA, but we need one for a server");
        refusesServer(
                TlsFiles.directory(temp, CA, CA, CERT, "no-signing-cert.pem", KEY, KEY),
                "Certificate DIR/server-cert.pem usage does not permit digital signature");
        refusesServer(
                TlsFiles.directory(temp, CA, CA, CERT, "client-only-cert.pem", KEY, KEY),
                "Certificate DIR/server-cert.pem purpose does not allow use with a TLS server");
        refusesServer(
                TlsFiles.directory(temp, CA, CA, CERT, CERT, KEY, "client-key.pem"),
                "Cannot set certificate 'DIR/server-cert.pem' & key 'DIR/server-key.pem': "
                        + "The certificate and the given key do not match.");
        refusesServer(
                TlsFiles.directory(temp, CA, "server-cert.pem", CERT, CERT, KEY, KEY),
                "Cert 'O=Check,CN=localhost' has no issuer in CA chain");
        refusesServer(
                TlsFiles.directory(temp, CA, "no-ca-cert.pem", CERT, CERT, KEY, KEY),
                "The certificate DIR/ca-cert.pem basic constraints do not show a CA");
    }

    @Test
    void sanityChecksCanBeSwitchedOff() throws Exception {
        Path dir = TlsFiles.directory(temp, CA, CA, CERT, "expired-cert.pem", KEY, KEY);
        add("tls-creds-x509", dir, ", 'endpoint': 'server', 'sanity-check': false");
    }

    @Test
    void garbageIsNamed() throws Exception {
        Path dir = TlsFiles.server(temp);
        Files.writeString(dir.resolve(KEY), "garbage");
        refusesServer(dir, "Unable to import private key DIR/server-key.pem");
        Files.writeString(dir.resolve(CERT), "garbage");
        refusesServer(dir, "Unable to import certificate DIR/server-cert.pem: No certificate was found.");
        dir = TlsFiles.server(temp);
        Files.writeString(dir.resolve("ca-crl.pem"), "garbage");
        refusesServer(dir, "Cannot load CRL 'DIR/ca-crl.pem': Base64 decoding error.");
        dir = TlsFiles.server(temp);
        Files.writeString(dir.resolve("dh-params.pem"), "garbage");
        refusesServer(dir, "Unable to load DH parameters from DIR/dh-params.pem: Base64 unexpected header error.");
        assertThat(warnings)
                .containsExactly("warning: Use of an external DH parameters file '" + dir
                        + "/dh-params.pem' is deprecated and will be removed in a future release");
    }

    @Test
    void anEncryptedKeyWantsItsPassword() throws Exception {
        Path dir = TlsFiles.directory(temp, CA, CA, CERT, CERT, KEY, "encrypted-key.pem");
        add("{'qom-type': 'secret', 'id': 'right', 'data': '123456'}");
        add("{'qom-type': 'secret', 'id': 'wrong', 'data': 'x'}");
        String message = "Unable to import private key " + dir + "/server-key.pem";
        assertThatThrownBy(() -> add("tls-creds-x509", dir, ", 'endpoint': 'server'"))
                .hasMessage(message);
        assertThatThrownBy(() -> add("tls-creds-x509", dir, ", 'endpoint': 'server', 'passwordid': 'wrong'"))
                .hasMessage(message);
        assertThatThrownBy(() -> add("tls-creds-x509", dir, ", 'endpoint': 'server', 'passwordid': 'none'"))
                .hasMessage("No secret with id 'none'");
        add("tls-creds-x509", dir, ", 'endpoint': 'server', 'passwordid': 'right'");
    }

    @Test
    void severalIdentitiesAreTaken() throws Exception {
        Path dir = TlsFiles.server(temp);
        Files.copy(dir.resolve(CERT), dir.resolve("server-cert-0.pem"));
        refusesServer(dir, "Cert 'DIR/server-cert-0.pem' without corresponding key 'DIR/server-key-0.pem'");
        Files.copy(dir.resolve(KEY), dir.resolve("server-key-0.pem"));
        add("tls-creds-x509", dir, ", 'endpoint': 'server'");
    }

    @Test
    void keysSharedBeforehandHaveAUser() throws Exception {
        Path dir = TlsFiles.psk(temp);
        assertThatThrownBy(() -> add("tls-creds-psk", dir, ", 'username': 'bob'"))
                .hasMessage("Username bob not found in PSK file " + dir + "/keys.psk");
        assertThatThrownBy(() -> add("tls-creds-psk", dir, ", 'username': 'bob', 'endpoint': 'server'"))
                .hasMessage("username should not be set when endpoint=server");
        assertThatThrownBy(() -> add("tls-creds-psk", temp, ""))
                .hasMessage("Unable to access credentials " + temp + "/keys.psk: No such file or directory");
        add("tls-creds-psk", dir, ", 'username': 'alice'");
    }
}

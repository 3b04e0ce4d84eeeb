package org.qsd4j.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.TestGraph;
import org.qsd4j.block.driver.nbd.NbdDriver;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.TlsFiles;

/** Our client and our server under TLS, and peers that want to get around it. */
@Timeout(60)
class NbdTlsTest {
    @TempDir
    Path dir;

    private final TestTls tls = new TestTls();
    private TestGraph graph;
    private @Nullable NbdFixture server;

    @BeforeEach
    void start() throws Exception {
        graph = new TestGraph(new NbdDriver(tls.objects));
        tls.add(object("x509", "srv", TlsFiles.server(dir), ", 'endpoint': 'server'"));
        tls.add(object("x509", "cli", TlsFiles.client(dir), ""));
        tls.add(object("x509", "nocert", TlsFiles.directory(dir, "ca-cert.pem", "ca-cert.pem"), ""));
        tls.add(object("x509", "other", TlsFiles.directory(dir, "ca-cert.pem", "other-ca-cert.pem"), ""));
        tls.add("{'qom-type': 'tls-creds-anon', 'id': 'anonsrv', 'endpoint': 'server'}");
        tls.add("{'qom-type': 'tls-creds-anon', 'id': 'anon'}");
    }

    @AfterEach
    void stop() {
        graph.close();
        if (server != null) {
            server.close();
        }
    }

    private static String object(String kind, String id, Path files, String more) {
        return "{'qom-type': 'tls-creds-" + kind + "', 'id': '" + id + "', 'dir': '" + files + "'" + more + "}";
    }

    private NbdFixture serve(String creds, @Nullable String authz) throws Exception {
        NbdFixture fixture = new NbdFixture(dir, tls.gate(creds, authz), 2, 100);
        fixture.addFile("e");
        server = fixture;
        return fixture;
    }

    private BlockBackend open(String creds, String more) {
        return graph.writer(graph.add("{'driver': 'nbd', 'node-name': 'n', 'export': 'e', 'tls-creds': '" + creds
                + "', 'server': {'type': 'unix', 'path': '" + dir.resolve("nbd.sock") + "'}" + more + "}"));
    }

    private void refused(String creds, String more, String message) {
        assertThatThrownBy(() -> open(creds, more)).hasMessage(message);
    }

    /** The handshake is done, and then the server goes: the client notices when it sends or when it receives. */
    private void dropped(String creds) {
        assertThatThrownBy(() -> open(creds, ""))
                .hasMessageMatching("Failed to (send option request header"
                        + "|read option reply: Cannot read from TLS channel: (The TLS connection was non-properly terminated"
                        + "|Error in the pull function).)");
    }

    /** Odd lengths, and some longer than a record or a buffer of the server's. */
    private static void roundTrip(BlockBackend blk) {
        Random random = new Random(5);
        NativeBuffer out = NativeBuffer.allocate(NbdFixture.SIZE);
        NativeBuffer in = NativeBuffer.allocate(NbdFixture.SIZE);
        byte[] expected = new byte[NbdFixture.SIZE];
        byte[] actual = new byte[NbdFixture.SIZE];
        for (int bytes : new int[] {1, 511, 4096, 16 << 10, (16 << 10) + 1, 100_001, NbdFixture.SIZE}) {
            random.nextBytes(expected);
            out.put(0, expected, 0, bytes);
            int offset = NbdFixture.SIZE - bytes;
            assertThat(blk.write(offset, out, 0, bytes, 0)).isZero();
            assertThat(blk.read(offset, in, 0, bytes)).isZero();
            in.get(0, actual, 0, bytes);
            assertThat(java.util.Arrays.equals(expected, 0, bytes, actual, 0, bytes))
                    .isTrue();
        }
        assertThat(blk.flush()).isZero();
    }

    @Test
    void dataComeAndGoUnderCertificates() throws Exception {
        serve("srv", null);
        roundTrip(open("cli", ", 'tls-hostname': 'localhost'"));
    }

    @Test
    void dataComeAndGoUnderSharedKeysAndAnonymously() throws Exception {
        Path keys = TlsFiles.psk(dir);
        tls.add(object("psk", "psksrv", keys, ", 'endpoint': 'server'"));
        tls.add(object("psk", "psk", keys, ", 'username': 'alice'"));
        tls.add(object("psk", "psk12", keys, ", 'priority': 'NORMAL:-VERS-TLS1.3'"));
        try (NbdFixture first = serve("psksrv", null)) {
            assertThat(first.exports.list()).hasSize(1);
            roundTrip(open("psk", ""));
            graph.close();
            graph = new TestGraph(new NbdDriver(tls.objects));
            roundTrip(open("psk12", ""));
            graph.close();
            graph = new TestGraph(new NbdDriver(tls.objects));
            Path wrong = Files.createDirectory(dir.resolve("wrong"));
            Files.writeString(wrong.resolve("keys.psk"), "alice:" + "00".repeat(32));
            tls.add(object("psk", "wrong", wrong, ", 'username': 'alice'"));
            refused("wrong", "", "TLS handshake failed: The TLS connection was non-properly terminated.");
        }
        serve("anonsrv", null);
        graph.close();
        graph = new TestGraph(new NbdDriver(tls.objects));
        roundTrip(open("anon", ""));
    }

    @Test
    void bothSidesHaveToShowWhoTheyAre() throws Exception {
        serve("srv", null);
        dropped("nocert");
        refused("other", "", "The certificate hasn't got a known issuer");
        refused("cli", ", 'tls-hostname': 'wrong'", "Certificate does not match the hostname wrong");
        refused("anon", "", "TLS handshake failed: The TLS connection was non-properly terminated.");
    }

    @Test
    void aServerMayForgoTheClientsCertificate() throws Exception {
        tls.add(object("x509", "open", TlsFiles.server(dir), ", 'endpoint': 'server', 'verify-peer': false"));
        serve("open", null);
        roundTrip(open("nocert", ""));
    }

    @Test
    void clientsAreAuthorizedByTheNameInTheirCertificate() throws Exception {
        tls.add("{'qom-type': 'authz-simple', 'id': 'one', 'identity': 'C=FR,O=Check,CN=client one'}");
        tls.add("{'qom-type': 'authz-simple', 'id': 'two', 'identity': 'C=FR,O=Check,CN=client two'}");
        for (String authz : new String[] {"two", "absent"}) {
            try (NbdFixture fixture = serve("srv", authz)) {
                assertThat(fixture.exports.list()).hasSize(1);
                dropped("cli");
            }
        }
        assertThat(tls.reports)
                .hasSize(2)
                .allMatch(
                        "option negotiation failed: TLS x509 authz check for C=FR,O=Check,CN=client one is denied"
                                ::equals);
        serve("srv", "one");
        roundTrip(open("cli", ""));
    }

    @Test
    void aRevokedCertificateIsRefused() throws Exception {
        Path files = TlsFiles.server(dir);
        try (var crl = NbdTlsTest.class.getResourceAsStream("/tls/revoked-crl.pem")) {
            Files.copy(crl, files.resolve("ca-crl.pem"));
        }
        tls.add(object("x509", "strict", files, ", 'endpoint': 'server'"));
        serve("strict", null);
        dropped("cli");
    }

    @Test
    void badPrioritiesAreNamed() throws Exception {
        tls.add(object("x509", "garbage", TlsFiles.client(dir), ", 'priority': 'GARBAGE'"));
        serve("srv", null);
        refused("garbage", "", "Unable to set TLS session priority GARBAGE: The request is invalid.");
    }

    @Test
    void aClientThatWantsTlsIsContentWithNothingElse() throws Exception {
        try (NbdFixture plain = new NbdFixture(dir)) {
            plain.addFile("e");
            refused("cli", "", "Denied by server for option 5 (starttls)");
        }
    }

    @Test
    void aServerThatWantsTlsForgetsWhatWasSaidBefore() throws Exception {
        NbdFixture fixture = serve("srv", null);
        try (RawNbdClient client = fixture.connect().hello()) {
            // Somebody in between adds an option right behind STARTTLS, in the clear.
            client.sendOption(Nbd.NBD_OPT_STARTTLS, 0, new byte[0]);
            client.sendOption(Nbd.NBD_OPT_STRUCTURED_REPLY, 0, new byte[0]);
            assertThat(client.optionReply().type()).isEqualTo(Nbd.NBD_REP_ACK);
            byte[] answer = new byte[0];
            try {
                while (answer.length < 4096) {
                    byte[] more = java.util.Arrays.copyOf(answer, answer.length + 1);
                    more[answer.length] = client.receive(1)[0];
                    answer = more;
                }
            } catch (java.io.IOException e) {
                // Dropped, perhaps after an alert.
            }
            assertThat(answer.length).isLessThan(20);
        }
        roundTrip(open("cli", ""));
    }

    @Test
    void whoeverStopsInTheMiddleOfTheHandshakeIsDroppedInTime() throws Exception {
        NbdFixture fixture = serve("srv", null);
        try (RawNbdClient client = fixture.connect().hello()) {
            client.sendOption(Nbd.NBD_OPT_STARTTLS, 0, new byte[0]);
            assertThat(client.optionReply().type()).isEqualTo(Nbd.NBD_REP_ACK);
            client.send(new byte[] {22, 3, 1, 2, 0, 1});
            assertThat(client.isDropped()).isTrue();
        }
        roundTrip(open("cli", ""));
    }

    @Test
    void rubbishInsideTheStreamEndsThatConnectionOnly() throws Exception {
        NbdFixture fixture = serve("srv", null);
        BlockBackend good = open("cli", "");
        for (int seed = 0; seed < 20; seed++) {
            byte[] rubbish = new byte[1000];
            new Random(seed).nextBytes(rubbish);
            if (seed % 2 == 0) {
                System.arraycopy(new byte[] {22, 3, 1, 2, 0}, 0, rubbish, 0, 5);
            }
            try (RawNbdClient client = fixture.connect().hello()) {
                client.sendOption(Nbd.NBD_OPT_STARTTLS, 0, new byte[0]);
                client.optionReply();
                client.send(rubbish);
            } catch (java.io.IOException e) {
                // Dropped early.
            }
        }
        roundTrip(good);
    }
}

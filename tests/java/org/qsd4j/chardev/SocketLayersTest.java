package org.qsd4j.chardev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.ObjectOptions;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;
import org.qsd4j.testing.TlsFiles;

/** What the real daemon puts between a connection and its stream: TLS, WebSocket, telnet. */
@Timeout(60)
class SocketLayersTest {
    private static final String TCP = "server=on,wait=off,host=127.0.0.1,port=0";

    @TempDir
    Path dir;

    private final ReportedLines reported = new ReportedLines();
    private final QomTree tree = new QomTree();
    private final ObjectRegistry objects = new ObjectRegistry(tree, reported::warning);
    private final Chardevs chardevs = new Chardevs(reported, false, tree, objects, () -> {});

    @AfterEach
    void close() {
        chardevs.close();
    }

    private Chardev open(String id, String options) {
        chardevs.add(ChardevCommandLine.parse("socket,id=" + id + "," + options, reported));
        return Objects.requireNonNull(chardevs.find(id));
    }

    private EchoFrontend echo(Chardev chardev) {
        EchoFrontend frontend = new EchoFrontend(chardev);
        chardev.attach(frontend);
        return frontend;
    }

    private static int port(Chardev server) {
        String name = server.filename();
        return Integer.parseInt(name.substring(name.lastIndexOf(':') + 1, name.indexOf(',')));
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String read(Socket socket, int bytes) throws Exception {
        return new String(socket.getInputStream().readNBytes(bytes), StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @CsvSource({
        "telnet=on, telnet:, \\xff\\xfb\\x01\\xff\\xfb\\x03\\xff\\xfb\\x00\\xff\\xfd\\x00",
        "'telnet=on,tn3270=on', telnet:, "
                + "\\xff\\xfd\\x19\\xff\\xfb\\x19\\xff\\xfd\\x00\\xff\\xfb\\x00\\xff\\xfd\\x18\\xff\\xfa\\x18\\x01\\xff\\xf0",
        "tn3270=on, tcp:, "
                + "\\xff\\xfd\\x19\\xff\\xfb\\x19\\xff\\xfd\\x00\\xff\\xfb\\x00\\xff\\xfd\\x18\\xff\\xfa\\x18\\x01\\xff\\xf0",
    })
    void telnetServerOffersItsOptionsFirst(String options, String scheme, String offer) throws Exception {
        Chardev server = open("a", TCP + "," + options);
        echo(server);
        String expected = unescape(offer) + "hello\n";
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port(server))) {
            assertThat(read(client, expected.length())).isEqualTo(expected);
            client.getOutputStream().write(latin("a\u00ff\u00fd\u0001b\u00ff\u00ffc"));
            assertThat(read(client, 4)).isEqualTo("ab\u00ffc");
            assertThat(server.filename()).startsWith(scheme).endsWith("<-> 127.0.0.1:" + client.getLocalPort());
        }
    }

    private static String unescape(String text) {
        StringBuilder plain = new StringBuilder();
        for (String byteText : text.substring(2).split("\\\\x", -1)) {
            plain.append((char) Integer.parseInt(byteText, 16));
        }
        return plain.toString();
    }

    /** As the real one takes them, also if they come in pieces. */
    @ParameterizedTest
    @CsvSource({
        "false, a\u00ff\u00fa1234\u00ff\u00f0bc, a234c",
        "false, quer\u00ff\u00f3y, query",
        "false, a\u00ff\u00f1bc, ac",
        "true, a\u00ff\u00f1bc, abc",
        "true, a\u00ff\u00efb, a\u00ff\u00efb",
        "true, a\u00ff\u00f4b\u00ff\u00ff, ab\u00ff",
    })
    void telnetCommandsAreTakenOut(boolean tn3270, String input, String text) {
        for (int piece : new int[] {1, 100}) {
            EmbeddedChannel channel = new EmbeddedChannel(new TelnetHandler(tn3270));
            byte[] bytes = latin(input);
            for (int at = 0; at < bytes.length; at += piece) {
                channel.writeInbound(Unpooled.copiedBuffer(bytes, at, Math.min(piece, bytes.length - at)));
            }
            StringBuilder output = new StringBuilder();
            for (ByteBuf out = channel.readInbound(); out != null; out = channel.readInbound()) {
                output.append(out.toString(StandardCharsets.ISO_8859_1));
            }
            assertThat(output).hasToString(text);
        }
    }

    @Test
    void telnetClientLooksAtNothing() throws Exception {
        Chardev server = open("a", TCP);
        EchoFrontend atServer = echo(server);
        Chardev client = open("b", "telnet=on,host=127.0.0.1,port=" + port(server));
        assertThat(client.filename()).startsWith("telnet:127.0.0.1:");
        assertThat(atServer.next()).isEqualTo("opened");
    }

    /** The JDK's own client, as an independent implementation. */
    private static final class Received implements WebSocket.Listener {
        final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            text.append(StandardCharsets.ISO_8859_1.decode(data));
            if (last) {
                messages.add(text.toString());
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
            messages.add("pong " + StandardCharsets.ISO_8859_1.decode(message));
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            messages.add("close " + code + " " + reason);
            return null;
        }

        String next() throws InterruptedException {
            return String.valueOf(messages.poll(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void webSocketCarriesTheStreamInBinaryFrames() throws Exception {
        Chardev server = open("a", TCP + ",websocket=on");
        EchoFrontend frontend = echo(server);
        Received received = new Received();
        WebSocket socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .subprotocols("binary")
                .buildAsync(URI.create("ws://127.0.0.1:" + port(server) + "/"), received)
                .get(20, TimeUnit.SECONDS);
        assertThat(received.next()).isEqualTo("hello\n");
        assertThat(server.filename()).startsWith("websocket:127.0.0.1:").contains(",server=on <-> ");
        socket.sendBinary(ByteBuffer.wrap(latin("ab")), false).get();
        assertThat(received.next()).isEqualTo("ab");
        socket.sendPing(ByteBuffer.wrap(latin("p"))).get();
        assertThat(received.next()).isEqualTo("pong p");
        socket.sendBinary(ByteBuffer.wrap(latin("cd")), true).get();
        assertThat(received.next()).isEqualTo("cd");
        String large = "x".repeat(70_000);
        socket.sendBinary(ByteBuffer.wrap(latin(large)), true).get();
        StringBuilder echoed = new StringBuilder();
        while (echoed.length() < large.length()) {
            echoed.append(received.next());
        }
        assertThat(echoed).hasToString(large);
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "bye").get();
        assertThat(received.next()).isEqualTo("close 1000 peer requested close");
        assertThat(frontend.next()).isEqualTo("opened");
        assertThat(frontend.next()).isEqualTo("closed");
    }

    private static final String REQUEST = """
            GET / HTTP/1.1
            Host: x
            Upgrade: websocket
            Connection: Upgrade
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
            Sec-WebSocket-Protocol: binary
            Sec-WebSocket-Version: 13

            """.replace("\n", "\r\n");

    /** A head and, behind the colon, the first line of the answer, as the real one gives it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Host: x|Host: x|101 Switching Protocols",
                "Host: x|X: x|400 Bad Request",
                "GET /|GET /x|404 Not Found",
                "GET /|GET  /|404 Not Found",
                "GET|POST|400 Bad Request",
                "HTTP/1.1|HTTP/1.0|400 Bad Request",
                "Version: 13|Version: 12|400 Bad Request",
                "Protocol: binary|Protocol: text|400 Bad Request",
                "Sec-WebSocket-Protocol: binary|X: binary|101 Switching Protocols",
                "Connection: Upgrade|connection:keep-alive, upgrade|101 Switching Protocols",
                "Upgrade: websocket|Upgrade: h2c|400 Bad Request",
                "Host: x|no colon|400 Bad Request",
            })
    void webSocketRequestIsCheckedAsInQemu(String part, String instead, String status) throws Exception {
        Chardev server = open("a", TCP + ",websocket=on");
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port(server))) {
            client.getOutputStream().write(latin(REQUEST.replace(part, instead)));
            String expected = "HTTP/1.1 " + status + "\r\n";
            assertThat(read(client, expected.length())).isEqualTo(expected);
        }
    }

    @Test
    void webSocketRequestThatIsTooLongOrNeverComesIsGivenUp() throws Exception {
        Chardev server = open("a", TCP + ",websocket=on");
        echo(server);
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port(server))) {
            client.getOutputStream().write(latin("x".repeat(4096)));
            assertThat(read(client, 40)).isEqualTo("HTTP/1.1 403 Request Entity Too Large\r\nS");
        }
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port(server))) {
            client.shutdownOutput();
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port(server))) {
            client.getOutputStream().write(latin(REQUEST));
            assertThat(read(client, 12)).isEqualTo("HTTP/1.1 101");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "8103, 1003, 'only binary, close, ping, and pong frames are supported'",
        "8003, 1003, 'only binary, close, ping, and pong frames are supported'",
        "0981, 1008, only binary frames may be fragmented",
        "8203, 1002, client frames must be masked",
        "89fe007e00000000, 1002, control frame is too large",
        "82ffffffffffffffffff00000000, 1002, frame is too large",
        "8880, 1000, peer requested close",
    })
    void webSocketFrameThatIsWrongEndsTheConnection(String hex, int code, String reason) throws Exception {
        Chardev server = open("a", TCP + ",websocket=on");
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port(server))) {
            client.getOutputStream().write(latin(REQUEST));
            InputStream in = client.getInputStream();
            for (String tail = ""; !tail.endsWith("\r\n\r\n"); ) {
                tail += (char) in.read();
            }
            echo(server);
            assertThat(read(client, 8)).isEqualTo("\u0082\u0006hello\n");
            byte[] frame = HexFormat.of().parseHex(hex + "00000000");
            client.getOutputStream().write(frame);
            assertThat(in.read()).isEqualTo(0x88);
            assertThat(in.read()).isEqualTo(2 + reason.length());
            assertThat((in.read() << 8) | in.read()).isEqualTo(code);
            assertThat(read(client, reason.length())).isEqualTo(reason);
        }
    }

    private void addObject(String json) throws Exception {
        objects.add(
                ObjectOptions.visit(new JsonInputVisitor(new ObjectMapper().readTree(json.replace('\'', '"'))), null));
    }

    private void addCredentials() throws Exception {
        addObject("{'qom-type': 'tls-creds-x509', 'id': 's', 'endpoint': 'server', 'dir': '" + TlsFiles.server(dir)
                + "'}");
        addObject("{'qom-type': 'tls-creds-x509', 'id': 'c', 'endpoint': 'client', 'dir': '" + TlsFiles.client(dir)
                + "'}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",telnet=on"})
    void tlsCarriesTheStreamBothWays(String more) throws Exception {
        addCredentials();
        Chardev server = open("a", TCP + ",tls-creds=s" + more);
        EchoFrontend atServer = echo(server);
        Chardev client = open("b", "tls-creds=c,host=localhost,ipv4=on,port=" + port(server));
        Collector atClient = new Collector();
        client.attach(atClient);
        String large = "x".repeat(300_000);
        String offer = more.isEmpty() ? "" : "\u00ff\u00fb\u0001\u00ff\u00fb\u0003\u00ff\u00fb\u0000\u00ff\u00fd\u0000";
        atClient.awaitOpen();
        client.execute(() -> client.write(latin(large)));
        assertThat(atClient.text(offer.length() + 6 + large.length())).isEqualTo(offer + "hello\n" + large);
        assertThat(server.filename()).contains(",server=on <-> 127.0.0.1:");
        client.detach(atClient);
        chardevs.remove("b");
        assertThat(atServer.next()).isEqualTo("opened");
        assertThat(atServer.next()).isEqualTo("closed");
    }

    @Test
    void tlsPeerThatMayNotComeInLeavesThePlaceToTheNext() throws Exception {
        addCredentials();
        addObject("{'qom-type': 'authz-simple', 'id': 'z', 'identity': 'somebody'}");
        Chardev server = open("a", TCP + ",tls-creds=s,tls-authz=z");
        EchoFrontend frontend = echo(server);
        int port = port(server);
        open("b", "tls-creds=c,host=localhost,ipv4=on,port=" + port);
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
            client.getOutputStream().write(latin("no TLS at all\n\n\n\n\n\n\n"));
            while (client.getInputStream().read() >= 0) {}
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("reset");
        }
        objects.delete("z");
        addObject("{'qom-type': 'authz-simple', 'id': 'z', 'identity': 'C=FR,O=Check,CN=client one'}");
        open("c", "tls-creds=c,host=localhost,ipv4=on,port=" + port);
        assertThat(frontend.next()).isEqualTo("opened");
    }

    @Test
    void tlsHandshakeThatNeverEndsDoesNotHoldUpTheEnd() throws Exception {
        addCredentials();
        Chardev server = open("a", TCP + ",tls-creds=s");
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port(server))) {
            client.getOutputStream().write(0x16);
            TimeUnit.MILLISECONDS.sleep(200);
            chardevs.remove("a");
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "server=on,wait=off,path=x,tls-creds=s|'tls_creds' option is incompatible with 'unix' address type",
                "fd=0,tls-creds=c|'tls_creds' option is incompatible with 'fd' address type as client",
                "server=on,host=x,port=0,tls-creds=c|Expected TLS credentials for a server endpoint",
                "host=x,port=0,tls-creds=s|Expected TLS credentials for a client endpoint",
                "host=x,port=0,tls-creds=nix,websocket=on|No TLS credentials with id 'nix'",
                "host=x,port=0,tls-creds=z|Object with id 'z' is not TLS credentials",
            })
    void tlsIsRefusedWhereItCannotBe(String options, String message) throws Exception {
        addCredentials();
        addObject("{'qom-type': 'authz-simple', 'id': 'z', 'identity': 'somebody'}");
        assertThatThrownBy(() -> open("a", options)).hasMessage(message);
    }

    /** Keeps what comes. */
    private static final class Collector implements ChardevFrontend {
        private final BlockingQueue<String> pieces = new LinkedBlockingQueue<>();
        private final CountDownLatch open = new CountDownLatch(1);

        @Override
        public void opened() {
            open.countDown();
        }

        @Override
        public void received(ByteBuffer bytes) {
            pieces.add(StandardCharsets.ISO_8859_1.decode(bytes).toString());
        }

        @Override
        public boolean isBusy() {
            return false;
        }

        @Override
        public void closed() {}

        void awaitOpen() throws InterruptedException {
            assertThat(open.await(20, TimeUnit.SECONDS)).isTrue();
        }

        String text(int length) throws InterruptedException {
            StringBuilder text = new StringBuilder();
            while (text.length() < length) {
                text.append(Objects.requireNonNull(pieces.poll(20, TimeUnit.SECONDS), "no more input"));
            }
            return text.toString();
        }
    }
}

package org.qsd4j.chardev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.sys.Sockets;

@Timeout(30)
class SocketChardevTest {
    @TempDir
    Path dir;

    private final ReportedLines reported = new ReportedLines();
    private final Chardevs chardevs = TestChardevs.open(reported);

    @AfterEach
    void close() {
        chardevs.close();
    }

    private Chardev open(String options) {
        chardevs.add(ChardevCommandLine.parse("socket,id=a," + options, reported));
        return Objects.requireNonNull(chardevs.find("a"));
    }

    private EchoFrontend echo(Chardev chardev) {
        EchoFrontend frontend = new EchoFrontend(chardev);
        chardev.attach(frontend);
        return frontend;
    }

    private static SocketChannel connect(Path path) throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(path));
    }

    private static void send(SocketChannel channel, String text) throws IOException {
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }

    private static String read(SocketChannel channel, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining() && channel.read(buffer) >= 0) {}
        return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
    }

    @Test
    void clientIsGreetedAndEchoed() throws Exception {
        Path path = dir.resolve("s");
        Chardev chardev = open("server=on,wait=off,path=" + path);
        echo(chardev);
        try (SocketChannel client = connect(path)) {
            send(client, "abc");
            assertThat(read(client, 9)).isEqualTo("hello\nabc");
            assertThat(chardev.filename()).isEqualTo("unix:" + path + ",server=on");
        }
    }

    @Test
    void clientThatConnectsWhileTheFrontendIsAttachedIsGreetedOnce() throws Exception {
        Path path = dir.resolve("s");
        Chardev chardev = open("server=on,wait=off,path=" + path);
        CountDownLatch bothUnderWay = new CountDownLatch(1);
        chardev.execute(() -> awaitQuietly(bothUnderWay));
        try (SocketChannel client = connect(path)) {
            EchoFrontend frontend = echo(chardev);
            bothUnderWay.countDown();
            send(client, "abc");
            assertThat(read(client, 9)).isEqualTo("hello\nabc");
            assertThat(frontend.next()).isEqualTo("opened");
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void secondClientWaitsUntilTheFirstLeaves() throws Exception {
        Path path = dir.resolve("s");
        EchoFrontend frontend = echo(open("server=on,wait=off,path=" + path));
        SocketChannel first = connect(path);
        assertThat(read(first, 6)).isEqualTo("hello\n");
        try (SocketChannel second = connect(path)) {
            second.configureBlocking(false);
            TimeUnit.MILLISECONDS.sleep(200);
            assertThat(second.read(ByteBuffer.allocate(1))).isZero();
            second.configureBlocking(true);
            first.close();
            assertThat(read(second, 6)).isEqualTo("hello\n");
        }
        assertThat(frontend.next()).isEqualTo("opened");
        assertThat(frontend.next()).isEqualTo("closed");
        assertThat(frontend.next()).isEqualTo("opened");
    }

    @Test
    void inputThatIsNotTakenIsKeptAndNoMoreThanThatIsRead() throws Exception {
        Path path = dir.resolve("s");
        Chardev chardev = open("server=on,wait=off,path=" + path);
        EchoFrontend frontend = new EchoFrontend(chardev);
        frontend.takesInput = false;
        chardev.attach(frontend);
        try (SocketChannel client = connect(path)) {
            client.configureBlocking(false);
            ByteBuffer chunk = ByteBuffer.allocate(1 << 20);
            long sent = 0;
            for (int i = 0; i < 20; i++) {
                sent += client.write(chunk.clear());
                TimeUnit.MILLISECONDS.sleep(10);
            }
            assertThat(sent).isLessThan(2 << 20);
            client.configureBlocking(true);
            frontend.takesInput = true;
            chardev.execute(chardev::resumeInput);
            assertThat(read(client, (int) sent + 6)).hasSize((int) sent + 6);
        }
    }

    @Test
    void clientThatDoesNotReadIsNotReadFrom() throws Exception {
        Path path = dir.resolve("s");
        echo(open("server=on,wait=off,path=" + path));
        try (SocketChannel client = connect(path)) {
            client.configureBlocking(false);
            ByteBuffer chunk = ByteBuffer.allocate(1 << 20);
            long sent = 0;
            for (int i = 0; i < 100; i++) {
                sent += client.write(chunk.clear());
                TimeUnit.MILLISECONDS.sleep(2);
            }
            assertThat(sent).isLessThan(16 << 20);
            client.configureBlocking(true);
            assertThat(read(client, (int) sent + 6)).hasSize((int) sent + 6);
        }
    }

    @Test
    void clientThatEndedItsSendingGetsItsAnswers() throws Exception {
        Path path = dir.resolve("s");
        Chardev chardev = open("server=on,wait=off,path=" + path);
        EchoFrontend frontend = new EchoFrontend(chardev);
        frontend.busy = true;
        chardev.attach(frontend);
        try (SocketChannel client = connect(path)) {
            send(client, "abc");
            client.shutdownOutput();
            assertThat(read(client, 9)).isEqualTo("hello\nabc");
            TimeUnit.MILLISECONDS.sleep(100);
            chardev.execute(() -> {
                chardev.write(new byte[] {'x'});
                frontend.busy = false;
                chardev.resumeInput();
            });
            assertThat(read(client, 2)).isEqualTo("x");
        }
    }

    @Test
    void whatIsInTheWayIsReplacedAndTheSocketIsRemovedInTheEnd() throws Exception {
        Path path = Files.writeString(dir.resolve("s"), "a plain file");
        echo(open("server=on,wait=off,path=" + path));
        connect(path).close();
        chardevs.close();
        assertThat(Files.exists(path)).isFalse();
    }

    @Test
    void inheritedSocketIsListenedOn() throws Exception {
        Path path = dir.resolve("s");
        int fd = Sockets.socket(Sockets.AF_UNIX);
        assertThat(Sockets.bindUnix(fd, path.toString(), false, true)).isZero();
        Chardev chardev = open("server=on,wait=off,fd=" + fd);
        echo(chardev);
        assertThat(chardev.filename()).isEqualTo("disconnected:unix:" + path + ",server=on");
        for (int i = 0; i < 2; i++) {
            try (SocketChannel client = connect(path)) {
                send(client, "abc");
                assertThat(read(client, 9)).isEqualTo("hello\nabc");
            }
        }
        chardevs.close();
        assertThat(Files.exists(path)).isFalse();
    }

    @Test
    void abstractNamesWork() throws Exception {
        String name = "qsd4j-test-" + ProcessHandle.current().pid();
        Chardev server = open("server=on,wait=off,abstract=on,path=" + name);
        echo(server);
        assertThat(server.filename()).isEqualTo("disconnected:unix:" + name + ",abstract=on,tight=on,server=on");
        chardevs.add(ChardevCommandLine.parse("socket,id=b,abstract=on,path=" + name, reported));
        EchoFrontend client = echo(Objects.requireNonNull(chardevs.find("b")));
        assertThat(client.next()).isEqualTo("opened");
        assertThat(Files.readString(Path.of("/proc/net/unix"))).contains("@" + name + "\n");
    }

    @Test
    void serverWithWaitBlocksUntilAClientComes() throws Exception {
        Path path = dir.resolve("s");
        Thread client = new Thread(() -> {
            try {
                while (reported.lines.isEmpty()) {
                    TimeUnit.MILLISECONDS.sleep(5);
                }
                connect(path);
            } catch (IOException | InterruptedException e) {
                reported.error(e.toString());
            }
        });
        client.start();
        Chardev chardev = open("server=on,path=" + path);
        assertThat(chardev.filename()).isEqualTo("unix:" + path + ",server=on");
        assertThat(reported.lines)
                .containsExactly("info: QEMU waiting for connection on: disconnected:unix:" + path + ",server=on");
    }

    @Test
    void clientConnectsAndReconnects() throws Exception {
        Path path = dir.resolve("s");
        EchoFrontend frontend = echo(open("reconnect-ms=20,path=" + path));
        while (reported.lines.isEmpty()) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        TimeUnit.MILLISECONDS.sleep(100);
        assertThat(reported.lines)
                .containsExactly("Unable to connect character device a: Failed to connect to '" + path
                        + "': No such file or directory");
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(path));
            for (int i = 0; i < 2; i++) {
                try (SocketChannel accepted = listener.accept()) {
                    assertThat(read(accepted, 6)).isEqualTo("hello\n");
                }
                assertThat(frontend.next()).isEqualTo("opened");
                assertThat(frontend.next()).isEqualTo("closed");
            }
        }
    }

    @Test
    void tcpListensWhereAskedAndNamesBothEnds() throws Exception {
        Chardev chardev = open("server=on,wait=off,host=127.0.0.1,port=0");
        EchoFrontend frontend = echo(chardev);
        String listening = chardev.filename();
        assertThat(listening).matches("disconnected:tcp:127\\.0\\.0\\.1:[0-9]+,server=on");
        int port = Integer.parseInt(listening.replaceAll(".*:([0-9]+),.*", "$1"));
        try (SocketChannel client = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
            assertThat(read(client, 6)).isEqualTo("hello\n");
            assertThat(frontend.next()).isEqualTo("opened");
            int own = ((InetSocketAddress) client.getLocalAddress()).getPort();
            assertThat(chardev.filename()).isEqualTo("tcp:127.0.0.1:" + port + ",server=on <-> 127.0.0.1:" + own);
        }
    }

    @Test
    void portInUseIsPassedOverUpToTheLastOne() throws Exception {
        try (ServerSocketChannel taken = ServerSocketChannel.open()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            int port = ((InetSocketAddress) taken.getLocalAddress()).getPort();
            assertThat(catchThrowable(() -> open("server=on,wait=off,host=127.0.0.1,port=" + port)))
                    .hasMessage("Failed to find an available port: Address already in use");
            Chardev chardev = open("server=on,wait=off,host=127.0.0.1,port=" + port + ",to=" + (port + 20));
            assertThat(chardev.filename())
                    .startsWith("disconnected:tcp:127.0.0.1:")
                    .doesNotContain(":" + port + ",");
        }
    }

    @Test
    void taskThatComesAfterTheEndIsDropped() {
        Chardev chardev = open("server=on,wait=off,path=" + dir.resolve("s"));
        chardevs.close();
        chardev.execute(() -> {
            throw new AssertionError("ran after the end");
        });
    }
}

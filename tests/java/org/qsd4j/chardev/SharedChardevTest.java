package org.qsd4j.chardev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;

/** Multiplexed chardevs, terminals, lines and datagrams. */
@Timeout(30)
class SharedChardevTest {
    @TempDir
    Path dir;

    private final ReportedLines reported = new ReportedLines();
    private final QomTree tree = new QomTree();
    private final CountDownLatch quit = new CountDownLatch(1);
    private final Chardevs chardevs =
            new Chardevs(reported, false, tree, new ObjectRegistry(tree, reported::warning), quit::countDown);

    @AfterEach
    void close() {
        chardevs.close();
    }

    private Chardev open(String options) {
        ChardevOptions parsed = ChardevCommandLine.parse(options, reported);
        chardevs.add(parsed);
        return Objects.requireNonNull(chardevs.find(parsed.id()));
    }

    private static EchoFrontend echo(Chardev chardev) {
        EchoFrontend frontend = new EchoFrontend(chardev);
        chardev.attach(frontend);
        return frontend;
    }

    private static void send(SocketChannel channel, String text) throws Exception {
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    private static String read(SocketChannel channel, int bytes) throws Exception {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining() && channel.read(buffer) >= 0) {}
        return new String(buffer.array(), 0, buffer.position(), StandardCharsets.ISO_8859_1);
    }

    @Test
    void usersOfAMuxTakeTurnsWithTheKeyboard() throws Exception {
        Path path = dir.resolve("s");
        Chardev mux = open("socket,id=m,server=on,wait=off,mux=on,path=" + path);
        EchoFrontend first = echo(mux);
        EchoFrontend second = echo(mux);
        first.takesInput = false;
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            assertThat(read(client, 12)).isEqualTo("hello\nhello\n");
            send(client, "a\001zb\001\001c");
            assertThat(read(client, 4)).isEqualTo("ab\001c");
            send(client, "\001cd");
            TimeUnit.MILLISECONDS.sleep(100);
            first.takesInput = true;
            mux.execute(mux::resumeInput);
            assertThat(read(client, 1)).isEqualTo("d");
            mux.detach(first);
            send(client, "e\001h");
            assertThat(read(client, 3)).isEqualTo("e\n\r");
            assertThat(read(client, 30)).isEqualTo("C-a h    print this help\n\rC-a ");
            send(client, "\001x");
            assertThat(quit.await(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(first.next()).isEqualTo("opened");
        assertThat(first.next()).isEqualTo("closed");
        assertThat(second.next()).isEqualTo("opened");
        assertThat(second.next()).isEqualTo("closed");
    }

    @Test
    void muxHasItsBaseForItselfAndRoomForFour() {
        open("ringbuf,id=r");
        Chardev mux = open("mux,id=m,chardev=r");
        assertThat(chardevs.require("r").isFrontendOpen()).isFalse();
        List<EchoFrontend> users = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            users.add(echo(mux));
        }
        assertThat(chardevs.require("r").isFrontendOpen()).isTrue();
        assertThatThrownBy(() -> echo(mux)).hasMessage("too many uses of multiplexed chardev 'm' (maximum is 4)");
        assertThatThrownBy(() -> chardevs.remove("m")).hasMessage("Chardev 'm' is busy");
        assertThatThrownBy(() -> chardevs.remove("r")).hasMessage("Chardev 'r' is busy");
        assertThatThrownBy(() -> open("mux,id=n,chardev=r")).hasMessage("chardev 'r' is already in use");
        assertThatThrownBy(() -> open("mux,id=n,chardev=x")).hasMessage("mux: base chardev x not found");
        users.forEach(mux::detach);
        chardevs.remove("m");
        chardevs.remove("r");
    }

    @Test
    void timestampsStandBeforeLinesThatBeginAfterTheyWereSwitchedOn() {
        MuxTimestamps timestamps = new MuxTimestamps();
        byte[] lines = "a\nb\n".getBytes(StandardCharsets.US_ASCII);
        assertThat(timestamps.stamp(lines)).isEqualTo(lines);
        timestamps.toggle();
        assertThat(new String(timestamps.stamp(lines), StandardCharsets.US_ASCII))
                .matches("a\n\\[00:00:00\\.\\d{3}\\] b\n");
        timestamps.toggle();
        assertThat(timestamps.stamp(lines)).isEqualTo(lines);
    }

    @Test
    void terminalServesOneUserAfterAnother() throws Exception {
        Path link = dir.resolve("link");
        Chardev chardev = open("pty,id=p,path=" + link);
        assertThat(chardev.filename()).isEqualTo("pty:" + chardev.pty());
        assertThat(Files.readSymbolicLink(link)).hasToString(String.valueOf(chardev.pty()));
        assertThatThrownBy(() -> open("pty,id=q,path=" + link)).hasMessage("Failed to create PTY symlink: File exists");
        EchoFrontend frontend = echo(chardev);
        for (int i = 0; i < 2; i++) {
            try (RandomAccessFile terminal = new RandomAccessFile(link.toFile(), "rw")) {
                byte[] read = new byte[6];
                terminal.readFully(read);
                assertThat(new String(read, StandardCharsets.US_ASCII)).isEqualTo("hello\n");
                terminal.write('x');
                assertThat(terminal.read()).isEqualTo('x');
            }
            assertThat(frontend.next()).isEqualTo("opened");
            assertThat(frontend.next()).isEqualTo("closed");
        }
        chardev.detach(frontend);
        chardevs.remove("p");
        assertThat(Files.isSymbolicLink(link)).isFalse();
    }

    @Test
    void serialLineCarriesBytesAndTakesBreaks() throws Exception {
        Chardev line = open("pty,id=p");
        EchoFrontend atLine = echo(line);
        Chardev serial = open("serial,id=s,path=" + line.pty());
        EchoFrontend atSerial = echo(serial);
        assertThat(serial.filename()).isEqualTo("serial");
        assertThat(atSerial.next()).isEqualTo("opened");
        assertThat(atLine.next()).isEqualTo("opened");
        serial.sendBreak();
    }

    @Test
    void datagramsGoBothWays() throws Exception {
        try (DatagramSocket peer = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            peer.setSoTimeout(10_000);
            Chardev chardev = open("udp,id=u,host=127.0.0.1,port=" + peer.getLocalPort());
            echo(chardev);
            DatagramPacket packet = new DatagramPacket(new byte[100], 100);
            peer.receive(packet);
            assertThat(new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII))
                    .isEqualTo("hello\n");
            peer.send(new DatagramPacket(new byte[] {'x', 'y'}, 2, packet.getSocketAddress()));
            peer.receive(packet);
            assertThat(packet.getLength()).isEqualTo(2);
        }
    }

    @Test
    void whatIsNoParallelPortIsRefused() {
        assertThatThrownBy(() -> open("parallel,id=p,path=/dev/null"))
                .hasMessage("not a parallel port: Inappropriate ioctl for device");
    }
}

package org.qsd4j.chardev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.Sockets;

/** What goes wrong around a chardev neither ends a thread nor leaves anything behind. */
@Timeout(30)
class HostileChardevTest {
    private static final SocketLayers PLAIN = new SocketLayers(null, false, false, false);

    @TempDir
    Path dir;

    private final ReportedLines reported = new ReportedLines();
    private final SocketLoop loop = new SocketLoop();
    private final Chardevs chardevs = TestChardevs.open(reported);

    @AfterEach
    void close() {
        chardevs.close();
        loop.close();
    }

    /** A place where there is no descriptor for a socket, at first. */
    private static final class Exhausted implements SocketTarget {
        final AtomicInteger attempts = new AtomicInteger();

        @Override
        public List<Channel> listen(EventLoop eventLoop) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Connecting connect(EventLoop eventLoop) {
            attempts.incrementAndGet();
            return new Connecting(
                    SocketErrors.create(() -> {
                        throw new ChannelException("newSocketStream(..) failed with error(-24): Too many open files");
                    }),
                    new EmbeddedChannel().newSucceededFuture());
        }

        @Override
        public @Nullable String socketFile() {
            return null;
        }

        @Override
        public String filename(@Nullable Channel listener) {
            return "nowhere";
        }

        @Override
        public String filenameOfPeer(Channel peer, String role) {
            return "nowhere";
        }

        @Override
        public JsonNode address() {
            throw new UnsupportedOperationException();
        }

        @Override
        public String shown() {
            return "nowhere";
        }
    }

    @Test
    void clientWithoutADescriptorTriesAgain() throws Exception {
        Exhausted target = new Exhausted();
        SocketChardev chardev = new SocketChardev(
                "a", ChardevLog.open(null, null, null), loop.get(), new SocketClient(target, 10, reported), PLAIN);
        chardev.open();
        while (target.attempts.get() < 3) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertThat(reported.lines)
                .containsExactly("Unable to connect character device a: Failed to create socket: Too many open files");
        chardev.close();
    }

    @Test
    void addressThatRefusesLeavesNoSocket() throws Exception {
        int port;
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
        }
        List<InetSocketAddress> refusing = Stream.of("127.0.0.1", "127.0.0.2", "127.0.0.3")
                .map(host -> new InetSocketAddress(host, port))
                .toList();
        EventLoop eventLoop = loop.get();
        InetTarget.connect(eventLoop, refusing, true).channel().close().awaitUninterruptibly();
        long before = descriptors();
        for (int i = 0; i < 20; i++) {
            InetTarget.connect(eventLoop, refusing, true).channel().close().awaitUninterruptibly();
        }
        assertThat(descriptors()).isLessThan(before + 20);
    }

    private static long descriptors() throws Exception {
        try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
            return list.count();
        }
    }

    @Test
    void inputThatWaitsIsReleasedOnceItIsTakenOrThePeerIsGone() {
        EmbeddedChannel channel = new EmbeddedChannel();
        SocketChardev chardev = new SocketChardev(
                "a",
                ChardevLog.open(null, null, null),
                loop.get(),
                new SocketClient(new Exhausted(), 0, reported),
                PLAIN);
        SocketPeer peer = new SocketPeer(chardev, channel, "", null);
        ByteBuf[] pieces = {bytes("abc"), bytes("def"), bytes("ghi")};
        channel.writeInbound(pieces[0]);
        channel.writeInbound(pieces[1]);
        assertThat(pieces[0].refCnt()).isZero();
        assertThat(pieces[1].refCnt()).isZero();
        EchoFrontend reader = new EchoFrontend(chardev);
        peer.serve(reader);
        channel.writeInbound(pieces[2]);
        assertThat(pieces[2].refCnt()).isZero();
        channel.close().syncUninterruptibly();
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    @Test
    void frontendThatFailsOnceIsServedAgain() throws Exception {
        Path path = dir.resolve("s");
        chardevs.add(ChardevCommandLine.parse("socket,id=a,server=on,wait=off,path=" + path, reported));
        Chardev chardev = Objects.requireNonNull(chardevs.find("a"));
        AtomicBoolean taking = new AtomicBoolean();
        AtomicBoolean failing = new AtomicBoolean();
        chardev.attach(new ChardevFrontend() {
            @Override
            public void opened() {}

            @Override
            public void received(ByteBuffer input) {
                if (failing.getAndSet(false)) {
                    throw new IllegalStateException("once");
                }
                if (taking.get()) {
                    chardev.write(new byte[input.remaining()]);
                    input.position(input.limit());
                }
            }

            @Override
            public boolean isBusy() {
                return false;
            }

            @Override
            public void closed() {}
        });
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            client.write(ByteBuffer.wrap(new byte[3]));
            TimeUnit.MILLISECONDS.sleep(100);
            failing.set(true);
            taking.set(true);
            chardev.execute(
                    () -> assertThat(catchThrowable(chardev::resumeInput)).hasMessage("once"));
            chardev.execute(chardev::resumeInput);
            assertThat(client.read(ByteBuffer.allocate(3))).isEqualTo(3);
        }
    }

    @Test
    void inputThatIsSetNotToBlockIsWaitedFor() throws Exception {
        Path pipe = dir.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        int fd = Libc.open(pipe.toString(), Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0);
        DescriptorStream stream = new DescriptorStream(fd);
        Thread writer = new Thread(() -> {
            try {
                TimeUnit.MILLISECONDS.sleep(100);
                Files.writeString(pipe, "abc");
            } catch (Exception e) {
                reported.error(e.toString());
            }
        });
        writer.start();
        byte[] read = new byte[10];
        assertThat(stream.read(read, -1)).isEqualTo(3);
        writer.join();
        assertThat(reported.lines).isEmpty();
        stream.close();
    }

    @Test
    void inheritedSocketIsRemovedByItsAbsolutePath() {
        Path path = Path.of("").toAbsolutePath().relativize(dir.toAbsolutePath().resolve("s"));
        int fd = Sockets.socket(Sockets.AF_UNIX);
        assertThat(Sockets.bindUnix(fd, path.toString(), false, true)).isZero();
        String file = Objects.requireNonNull(new FdTarget(Integer.toString(fd), "tcp:").socketFile());
        Libc.close(fd);
        assertThat(Path.of(file)).isAbsolute().exists();
    }

    @Test
    void waitForAClientEndsWhenTheDaemonDoes() throws Exception {
        Path path = dir.resolve("s");
        Thread stopper = new Thread(() -> {
            while (reported.lines.isEmpty()) {
                Thread.onSpinWait();
            }
            chardevs.stopWaiting();
        });
        stopper.start();
        assertThat(catchThrowable(
                        () -> chardevs.add(ChardevCommandLine.parse("socket,id=a,server=on,path=" + path, reported))))
                .hasMessage("Failed to accept a connection: Interrupted system call");
        assertThat(path).doesNotExist();
        stopper.join();
    }
}

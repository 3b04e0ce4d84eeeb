package org.qsd4j.chardev;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** Peers come and go at a pseudo-terminal, whatever its frontend is at. */
@Timeout(30)
class PtyChardevTest {
    /** Without it the terminal could become the one that controls the process. */
    private static final int O_NOCTTY = 0x100;

    private final ReportedLines reported = new ReportedLines();
    private final Chardevs chardevs = TestChardevs.open(reported);
    private final Chardev chardev = open();
    private final EchoFrontend frontend = new EchoFrontend(chardev);

    @AfterEach
    void close() {
        chardevs.close();
    }

    private Chardev open() {
        chardevs.add(ChardevCommandLine.parse("pty,id=p", reported));
        return Objects.requireNonNull(chardevs.find("p"));
    }

    private int connect() {
        int fd = Libc.open(Objects.requireNonNull(chardev.pty()), Libc.O_RDWR | O_NOCTTY | Libc.O_CLOEXEC, 0);
        assertThat(fd).isNotNegative();
        return fd;
    }

    private static void send(int fd, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        NativeBuffer buffer = NativeBuffer.allocate(bytes.length);
        buffer.put(0, bytes, 0, bytes.length);
        assertThat(Libc.write(fd, buffer.address(), bytes.length)).isEqualTo(bytes.length);
    }

    private static String read(int fd, int bytes) {
        NativeBuffer buffer = NativeBuffer.allocate(bytes);
        StringBuilder text = new StringBuilder();
        while (text.length() < bytes) {
            int count = (int) Libc.read(fd, buffer.address(), bytes - text.length());
            assertThat(count).isPositive();
            byte[] piece = new byte[count];
            buffer.get(0, piece, 0, count);
            text.append(new String(piece, StandardCharsets.US_ASCII));
        }
        return text.toString();
    }

    private void awaitThread() throws InterruptedException {
        CountDownLatch passed = new CountDownLatch(1);
        chardev.execute(passed::countDown);
        assertThat(passed.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void peerThatComesWhileTheFrontendIsBusyWithTheLastOneIsServed() throws Exception {
        chardev.attach(frontend);
        int first = connect();
        assertThat(read(first, 6)).isEqualTo("hello\n");
        frontend.busy = true;
        Libc.close(first);
        TimeUnit.MILLISECONDS.sleep(300);
        int second = connect();
        try {
            // The input thread looks for a peer every 200 ms.
            TimeUnit.MILLISECONDS.sleep(600);
            awaitThread();
            frontend.busy = false;
            chardev.execute(chardev::resumeInput);
            send(second, "abc");
            assertThat(read(second, 3)).isEqualTo("abc");
            assertThat(frontend.next()).isEqualTo("opened");
        } finally {
            Libc.close(second);
        }
        assertThat(frontend.next()).isEqualTo("closed");
    }

    @Test
    void peerThatLeavesWithoutReadingHoldsNothingUp() throws Exception {
        chardev.attach(frontend);
        int peer = connect();
        assertThat(read(peer, 6)).isEqualTo("hello\n");
        chardev.execute(() -> chardev.write(new byte[1 << 20]));
        TimeUnit.MILLISECONDS.sleep(100);
        Libc.close(peer);
        assertThat(frontend.next()).isEqualTo("opened");
        assertThat(frontend.next()).isEqualTo("closed");
    }
}

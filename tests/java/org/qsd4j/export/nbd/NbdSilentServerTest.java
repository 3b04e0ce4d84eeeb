package org.qsd4j.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.TestGraph;
import org.qsd4j.block.driver.nbd.NbdDriver;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** The main loop, here the test's own thread, goes on when a server takes requests and never answers. */
@Timeout(60)
class NbdSilentServerTest {
    @TempDir
    Path dir;

    private TestGraph graph;
    private volatile int othersResult = 1;

    @BeforeEach
    void start() {
        graph = new TestGraph(new NbdDriver(new ObjectRegistry(new QomTree(), line -> {})));
    }

    @AfterEach
    void stop() {
        graph.close();
    }

    /** An old-style greeting, after which a client may send requests. */
    private static byte[] greeting() {
        return ByteBuffer.allocate(8 + 8 + 8 + 4 + 124)
                .putLong(Nbd.INIT_PASSWD)
                .putLong(Nbd.CLIENT_MAGIC)
                .putLong(1 << 20)
                .putInt(Nbd.NBD_FLAG_HAS_FLAGS | Nbd.NBD_FLAG_SEND_FLUSH)
                .array();
    }

    private BlockBackend open(Impostor server, String more) {
        return graph.writer(graph.add("{'driver': 'nbd', 'node-name': 'n', 'server': {'type': 'unix', 'path': '"
                + server.socket + "'}" + more + "}"));
    }

    private Thread readOnAnotherThread(BlockBackend blk) throws InterruptedException {
        Thread reader = new Thread(() -> othersResult = blk.read(0, NativeBuffer.allocate(512), 0, 512));
        reader.start();
        Thread.sleep(300);
        assertThat(reader.isAlive()).isTrue();
        return reader;
    }

    private static long secondsSince(long startNanos) {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos);
    }

    @Test
    void aDrainEndsTheRequestsThatTheServerHolds() throws Exception {
        try (Impostor server = new Impostor(dir, greeting())) {
            BlockBackend blk = open(server, "");
            Thread reader = readOnAnotherThread(blk);
            long start = System.nanoTime();
            blk.beginDrain();
            assertThat(secondsSince(start)).isBetween(8L, 14L);
            blk.endDrain();
            reader.join();
            assertThat(othersResult).isEqualTo(-Errno.EIO);
        }
    }

    @Test
    void aRequestOfTheMainLoopItselfFailsInTime() throws Exception {
        try (Impostor server = new Impostor(dir, greeting())) {
            BlockBackend blk = open(server, "");
            Thread reader = readOnAnotherThread(blk);
            long start = System.nanoTime();
            assertThat(blk.read(0, NativeBuffer.allocate(512), 0, 512)).isEqualTo(-Errno.EIO);
            assertThat(secondsSince(start)).isBetween(8L, 14L);
            reader.join();
            assertThat(othersResult).isEqualTo(-Errno.EIO);
        }
    }

    @Test
    void theMainLoopDoesNotWaitForAReconnectionThatAnotherIsAt() throws Exception {
        BlockBackend blk;
        try (Impostor server = new Impostor(dir, greeting())) {
            blk = open(server, ", 'reconnect-delay': 6");
        }
        Thread reader = readOnAnotherThread(blk);
        long start = System.nanoTime();
        assertThat(blk.read(0, NativeBuffer.allocate(512), 0, 512)).isEqualTo(-Errno.EIO);
        assertThat(secondsSince(start)).isLessThan(3);
        reader.join();
        assertThat(othersResult).isEqualTo(-Errno.EIO);
    }
}

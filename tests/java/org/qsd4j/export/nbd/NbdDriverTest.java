package org.qsd4j.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.TestGraph;
import org.qsd4j.block.driver.nbd.NbdDriver;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** The {@code nbd} driver: against our own server, and against servers that are none or break the rules. */
@Timeout(60)
class NbdDriverTest {
    @TempDir
    Path dir;

    private NbdFixture server;
    private TestGraph graph;

    @BeforeEach
    void start() throws Exception {
        server = new NbdFixture(dir);
        server.addFile("e");
        graph = new TestGraph(new NbdDriver(new ObjectRegistry(new QomTree(), line -> {})));
    }

    @AfterEach
    void stop() {
        graph.close();
        server.close();
    }

    private String options(Path socket, String more) {
        return "{'driver': 'nbd', 'node-name': 'n', 'server': {'type': 'unix', 'path': '" + socket + "'}" + more + "}";
    }

    private BlockNode open(String more) {
        return graph.add(options(server.socket, more));
    }

    @Test
    void readsReturnWhatWritesWroteFromManyThreads() throws Exception {
        BlockBackend blk = graph.writer(open(", 'export': 'e'"));
        assertThat(blk.length()).isEqualTo(NbdFixture.SIZE);
        AtomicInteger failures = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 24; t++) {
            int seed = t;
            Thread thread = new Thread(() -> {
                Random random = new Random(seed);
                NativeBuffer out = NativeBuffer.allocate(16384);
                NativeBuffer in = NativeBuffer.allocate(16384);
                byte[] expected = new byte[16384];
                byte[] actual = new byte[16384];
                for (int i = 0; i < 50; i++) {
                    random.nextBytes(expected);
                    out.put(0, expected, 0, expected.length);
                    int result = blk.write(seed * 32768L, out, 0, 16384, 0);
                    result |= blk.read(seed * 32768L, in, 0, 16384);
                    in.get(0, actual, 0, actual.length);
                    if (result != 0 || !java.util.Arrays.equals(expected, actual)) {
                        failures.incrementAndGet();
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).hasValue(0);
        assertThat(blk.flush()).isZero();
    }

    @Test
    void zeroesDiscardAndStatusReachTheServer() {
        BlockBackend blk = graph.writer(open(", 'export': 'e'"));
        NativeBuffer buffer = NativeBuffer.allocate(65536);
        buffer.putByte(0, (byte) 1);
        assertThat(blk.write(131072, buffer, 0, 65536, 0)).isZero();
        BlockStatus status = new BlockStatus();
        assertThat(blk.blockStatus(true, 0, NbdFixture.SIZE, status)).isZero();
        assertThat(status.bytes).isEqualTo(131072);
        assertThat(status.is(BlockStatus.ZERO)).isTrue();
        assertThat(blk.blockStatus(true, 131072, NbdFixture.SIZE - 131072, status))
                .isZero();
        assertThat(status.bytes).isEqualTo(65536);
        assertThat(status.is(BlockStatus.ZERO)).isFalse();
        assertThat(blk.writeZeroes(131072, 65536, 0)).isZero();
        assertThat(blk.discard(131072, 65536)).isZero();
        assertThat(blk.read(131072, buffer, 0, 65536)).isZero();
        assertThat(buffer.isZero(0, 65536)).isTrue();
    }

    @Test
    void aServersErrorIsTheRequestsError() {
        server.add("ro", "{'driver': 'null-co', 'node-name': 'z', 'size': 4096}", false);
        BlockNode node = open(", 'export': 'ro', 'auto-read-only': true");
        assertThat(node.isReadOnly()).isTrue();
        assertThat(graph.reader(node).read(0, NativeBuffer.allocate(512), 0, 512))
                .isZero();
    }

    @Test
    void openingFailsInTheRealDaemonsWords() {
        server.add("ro", "{'driver': 'null-co', 'node-name': 'z', 'size': 4096}", false);
        fails(
                options(dir.resolve("absent"), ""),
                "Failed to connect to '" + dir.resolve("absent") + "': No such file or directory");
        fails(options(server.socket, ", 'export': 'none'"), "Requested export not available");
        fails(options(server.socket, ", 'export': 'ro'"), "Could not open image: Permission denied");
        fails(
                options(server.socket, ", 'export': 'e', 'x-dirty-bitmap': 'qemu:dirty-bitmap:x'"),
                "Could not open image: Invalid argument");
        fails(options(server.socket, ", 'tls-creds': 'x'"), "No TLS credentials with id 'x'");
        fails(
                options(server.socket, ", 'export': '" + "e".repeat(4097) + "'"),
                "export name too long to send to server");
        fails(
                "{'driver': 'nbd', 'node-name': 'n', 'server': {'type': 'inet', 'host': '127.0.0.1', 'port': '1'}}",
                "Failed to connect to '127.0.0.1:1': Connection refused");
        fails(
                "{'driver': 'nbd', 'node-name': 'n', 'server': {'type': 'fd', 'str': '7'}}",
                "only QEMU supports file descriptor passing");
    }

    private void fails(String options, String message) {
        assertThatThrownBy(() -> graph.add(options))
                .isInstanceOf(QapiException.class)
                .hasMessage(message);
    }

    @Test
    void whatIsNoServerIsNamed() throws Exception {
        refuses("garbage!garbage!", "Bad initial magic received: 0x6761726261676521");
        refuses("NBDMAGICgarbage!", "Bad server magic received: 0x6761726261676521");
        refuses("", "Failed to read initial magic: Unexpected end-of-file before all data were read");
        refuses("NBDMAGIC", "Failed to read server magic: Unexpected end-of-file before all data were read");
    }

    private void refuses(String greeting, String message) throws Exception {
        try (Impostor impostor = new Impostor(dir, greeting.getBytes(java.nio.charset.StandardCharsets.US_ASCII))) {
            fails(options(impostor.socket, ""), message);
        }
    }

    /** After a wrong reply nothing of this server is believed, and it isn't asked again. */
    @Test
    void aViolationOfTheProtocolIsForEver() throws Exception {
        ByteBuffer script = ByteBuffer.allocate(18 + 8 + 4 + 124 + 16);
        script.putLong(Nbd.INIT_PASSWD)
                .putLong(Nbd.CLIENT_MAGIC)
                .putLong(1 << 20)
                .putInt(1)
                .position(152);
        script.putInt(0x12345678);
        try (Impostor impostor = new Impostor(dir, script.array())) {
            BlockBackend blk = graph.reader(graph.add(options(impostor.socket, ", 'read-only': true")));
            assertThat(blk.read(0, NativeBuffer.allocate(512), 0, 512)).isEqualTo(-Errno.EIO);
            assertThat(blk.read(0, NativeBuffer.allocate(512), 0, 512)).isEqualTo(-Errno.EIO);
            assertThat(impostor.connections).hasValue(1);
        }
    }

    @Test
    void aLostConnectionIsMadeAgain() throws Exception {
        BlockBackend blk = graph.writer(open(", 'export': 'e'"));
        NativeBuffer buffer = NativeBuffer.allocate(4096);
        assertThat(blk.read(0, buffer, 0, 4096)).isZero();
        server.exports.findOrFail("e").disconnectClients();
        NbdTarget old = server.exports.findOrFail("e");
        server.exports.remove(old);
        server.add("e", server.graph.graph.lookup(null, "e"), true);
        int result = blk.read(0, buffer, 0, 4096);
        for (int i = 0; i < 50 && result != 0; i++) {
            Thread.sleep(100);
            result = blk.read(0, buffer, 0, 4096);
        }
        assertThat(result).isZero();
    }

    @Test
    void requestsWaitForAServerThatComesBack() throws Exception {
        BlockBackend blk = graph.writer(open(", 'export': 'e', 'reconnect-delay': 20"));
        BlockNode image = server.graph.graph.lookup(null, "e");
        NbdTarget old = server.exports.findOrFail("e");
        old.disconnectClients();
        server.exports.remove(old);
        int[] result = {1};
        Thread reader = new Thread(() -> result[0] = blk.read(0, NativeBuffer.allocate(512), 0, 512));
        reader.start();
        Thread.sleep(1500);
        assertThat(result[0]).isEqualTo(1);
        server.add("e", image, true);
        reader.join(15_000);
        assertThat(result[0]).isZero();
    }
}

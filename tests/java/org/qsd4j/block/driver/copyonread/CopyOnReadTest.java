package org.qsd4j.block.driver.copyonread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.TestGraph;
import org.qsd4j.block.driver.qcow2.Qcow2Driver;
import org.qsd4j.crypto.Passphrase;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.sys.NativeBuffer;

class CopyOnReadTest {
    private static final int MIB = 1 << 20;
    private static final int CLUSTER = 64 << 10;

    @TempDir
    Path dir;

    private final Qcow2Driver qcow2 = new Qcow2Driver(line -> {}, event -> {}, Passphrase.NONE);
    private final TestGraph test = new TestGraph(qcow2, new CopyOnReadDriver());
    private final NativeBuffer buffer = NativeBuffer.allocate(MIB);
    private final byte[] base = new byte[MIB];

    /** A base, a middle overlay and a top overlay, all of 1 MiB; zeroes in the base's second half. */
    @BeforeEach
    void makeChain() throws Exception {
        new Random(1).nextBytes(base);
        Arrays.fill(base, MIB / 2, MIB, (byte) 0);
        Files.write(dir.resolve("base"), base);
        test.add("{'driver':'raw','node-name':'base','read-only':true,'file':{'driver':'file','filename':'"
                + dir.resolve("base") + "'}}");
        addOverlay("mid", "base");
        addOverlay("top", "mid");
    }

    @AfterEach
    void close() {
        test.close();
    }

    private void addOverlay(String name, String backing) throws Exception {
        Path path = Files.createFile(dir.resolve(name));
        test.add("{'driver':'file','node-name':'" + name + "-file','filename':'" + path + "'}");
        qcow2.create(
                        test.graph,
                        BlockdevCreateOptions.visit(
                                new JsonInputVisitor(
                                        TestGraph.json("{'driver':'qcow2','size':1048576,'file':'" + name + "-file'}")),
                                null))
                .run();
        test.add(
                "{'driver':'qcow2','node-name':'" + name + "','file':'" + name + "-file','backing':'" + backing + "'}");
    }

    private BlockBackend filter(String more) {
        return test.reader(test.add("{'driver':'copy-on-read','node-name':'c','file':'top'" + more + "}"));
    }

    private boolean isTopsOwn(long offset) {
        BlockStatus status = new BlockStatus();
        BlockNode top = test.graph.lookup(null, "top");
        assertThat(top.blockStatus(false, offset, 1, status)).isZero();
        return status.is(BlockStatus.ALLOCATED);
    }

    private byte[] read(BlockBackend blk, long offset, int bytes) {
        assertThat(blk.read(offset, buffer, 0, bytes)).isZero();
        byte[] data = new byte[bytes];
        buffer.get(0, data, 0, bytes);
        return data;
    }

    /** The instance from before would place clusters where the one of now has its own. */
    @Test
    void copiesGoThroughTheInstanceOfNow() {
        BlockBackend blk = filter("");
        BlockNode before = test.graph.lookup(null, "top");
        test.graph.reopen(
                List.of(TestGraph.options("{'driver':'qcow2','node-name':'top','file':'top-file','backing':'mid'}")));
        assertThat(test.graph.lookup(null, "top")).isNotSameAs(before);
        BlockBackend guest = test.writer(test.graph.lookup(null, "top"));
        byte[] nines = new byte[CLUSTER];
        Arrays.fill(nines, (byte) 9);
        for (int cluster = 0; cluster < 8; cluster += 2) {
            buffer.put(0, nines, 0, CLUSTER);
            assertThat(guest.write((long) cluster * CLUSTER, buffer, 0, CLUSTER, 0))
                    .isZero();
            long copied = (cluster + 1L) * CLUSTER;
            assertThat(read(blk, copied, CLUSTER))
                    .isEqualTo(Arrays.copyOfRange(base, (int) copied, (int) copied + CLUSTER));
            assertThat(isTopsOwn(copied)).isTrue();
        }
        for (int cluster = 0; cluster < 8; cluster += 2) {
            assertThat(read(guest, (long) cluster * CLUSTER, CLUSTER)).isEqualTo(nines);
        }
    }

    @Test
    void wholeClustersThatAReadTouchesStayInTheOverlay() {
        BlockBackend blk = filter("");
        assertThat(read(blk, CLUSTER + 100, CLUSTER))
                .isEqualTo(Arrays.copyOfRange(base, CLUSTER + 100, 2 * CLUSTER + 100));
        assertThat(isTopsOwn(0)).isFalse();
        assertThat(isTopsOwn(CLUSTER)).isTrue();
        assertThat(isTopsOwn(3 * CLUSTER - 1)).isTrue();
        assertThat(isTopsOwn(3 * CLUSTER)).isFalse();
        assertThat(read(blk, 0, MIB)).isEqualTo(base);
    }

    @Test
    void zeroesBecomeZeroClusters() {
        BlockBackend blk = filter("");
        long before = test.graph.lookup(null, "top").allocatedSize();
        assertThat(read(blk, MIB / 2, MIB / 2)).containsOnly(0);
        assertThat(isTopsOwn(MIB / 2)).isTrue();
        assertThat(test.graph.lookup(null, "top").allocatedSize() - before).isLessThan(3 * CLUSTER);
    }

    @Test
    void whatLiesBelowTheBottomIsNotCopied() {
        BlockBackend mid = test.writer(test.graph.lookup(null, "mid"));
        assertThat(mid.writeZeroes(0, CLUSTER, 0)).isZero();
        mid.close();
        BlockBackend blk = filter(",'bottom':'mid'");
        read(blk, 0, 2 * CLUSTER);
        assertThat(isTopsOwn(0)).isTrue();
        assertThat(isTopsOwn(CLUSTER)).isFalse();
    }

    @Test
    void theBottomHasToBeInTheChain() {
        test.add("{'driver':'null-co','node-name':'n'}");
        assertThatThrownBy(() -> filter(",'bottom':'x'")).hasMessage("Bottom node 'x' not found");
        assertThatThrownBy(() -> filter(",'bottom':'n'"))
                .hasMessage("Bottom node 'n' is not in the backing chain of 'top'");
    }

    private static byte[] filled(int bytes, int value) {
        byte[] data = new byte[bytes];
        Arrays.fill(data, (byte) value);
        return data;
    }

    /** Each thread writes its own pages while others read, and so copy, the clusters around them. */
    @Test
    void copyingNeverUndoesAWrite() throws InterruptedException {
        BlockBackend reader = filter("");
        BlockBackend writer = test.writer(test.graph.lookup(null, "top"));
        List<Thread> threads = new ArrayList<>();
        List<String> failures = Collections.synchronizedList(new ArrayList<>());
        for (int thread = 0; thread < 4; thread++) {
            int id = thread;
            threads.add(new Thread(() -> {
                NativeBuffer mine = NativeBuffer.allocate(CLUSTER);
                for (int cluster = 0; cluster < MIB / CLUSTER; cluster++) {
                    long page = (long) cluster * CLUSTER + id * 4096L;
                    mine.put(0, filled(4096, id + 1), 0, 4096);
                    int result = id % 2 == 0
                            ? writer.write(page, mine, 0, 4096, 0)
                            : reader.read((long) cluster * CLUSTER, mine, 0, CLUSTER);
                    if (result != 0) {
                        failures.add("request: " + result);
                    }
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        byte[] expected = base.clone();
        for (int cluster = 0; cluster < MIB / CLUSTER; cluster++) {
            for (int id = 0; id < 4; id += 2) {
                int page = cluster * CLUSTER + id * 4096;
                Arrays.fill(expected, page, page + 4096, (byte) (id + 1));
            }
        }
        assertThat(failures).isEmpty();
        assertThat(read(reader, 0, MIB)).isEqualTo(expected);
    }
}

package org.qsd4j.block.driver.preallocate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.Permission;
import org.qsd4j.block.TestGraph;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.NativeBuffer;

class PreallocateTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path dir;

    private final List<String> reports = new ArrayList<>();
    private final TestGraph test = new TestGraph(new PreallocateDriver(reports::add));
    private final NativeBuffer buffer = NativeBuffer.allocate(MIB);
    private Path file = Path.of("");

    @BeforeEach
    void makeFile() throws Exception {
        file = Files.createFile(dir.resolve("file"));
        byte[] sevens = new byte[MIB];
        Arrays.fill(sevens, (byte) 7);
        buffer.put(0, sevens, 0, MIB);
    }

    @AfterEach
    void close() {
        test.close();
        assertThat(reports).isEmpty();
    }

    private BlockNode add() {
        return test.add("{'driver':'preallocate','node-name':'p','prealloc-align':65536,'prealloc-size':1000000,"
                + "'file':{'driver':'file','filename':'" + file + "'}}");
    }

    private BlockBackend grower() {
        BlockBackend blk = test.writer(add());
        blk.setAllowWriteBeyondEof(true);
        return blk;
    }

    @Test
    void theFileIsAheadOfAnAppendUntilTheNodeIsClosed() throws Exception {
        BlockBackend blk = grower();
        assertThat(blk.write(0, buffer, 0, 4096, 0)).isZero();
        assertThat(blk.node().length()).isEqualTo(4096);
        long ahead = Files.size(file);
        assertThat(ahead).isEqualTo((4096 + 1000000 + 65535) / 65536 * 65536L);
        assertThat(blk.node().allocatedSize()).isGreaterThanOrEqualTo(ahead);
        assertThat(blk.write(4096, buffer, 0, 4096, 0)).isZero();
        assertThat(Files.size(file)).isEqualTo(ahead);
        test.close();
        assertThat(Files.size(file)).isEqualTo(8192);
    }

    @Test
    void whoNoLongerMayResizeGivesThePreallocationUp() throws Exception {
        BlockBackend blk = grower();
        assertThat(blk.write(512, buffer, 0, 512, 0)).isZero();
        blk.setPermissions(Permission.CONSISTENT_READ, Permission.ALL);
        assertThat(Files.size(file)).isEqualTo(1024);
        assertThat(blk.node().length()).isEqualTo(1024);
    }

    @Test
    void aReopeningCutsItsOwnFileAndNoOther() throws Exception {
        Path other = Files.write(dir.resolve("other"), new byte[3 * MIB]);
        test.add("{'driver':'file','node-name':'one','filename':'" + file + "'}");
        test.add("{'driver':'file','node-name':'two','filename':'" + other + "'}");
        String definition = "{'driver':'preallocate','node-name':'p','file':'%s'}";
        BlockBackend blk = test.writer(test.add(String.format(definition, "one")));
        blk.setAllowWriteBeyondEof(true);
        assertThat(blk.write(0, buffer, 0, 4096, 0)).isZero();
        test.graph.reopen(List.of(TestGraph.options(String.format(definition, "one"))));
        assertThat(Files.size(file)).isEqualTo(4096);
        assertThat(blk.node().length()).isEqualTo(4096);
        assertThat(blk.write(4096, buffer, 0, 4096, 0)).isZero();
        test.graph.reopen(List.of(TestGraph.options(String.format(definition, "two"))));
        assertThat(Files.size(file)).isEqualTo(8192);
        assertThat(Files.size(other)).isEqualTo(3 * MIB);
        assertThat(blk.node().length()).isEqualTo(3 * MIB);
    }

    @Test
    void sizesSetByHandAreKept() throws Exception {
        BlockBackend blk = grower();
        assertThat(blk.write(0, buffer, 0, 8192, 0)).isZero();
        blk.truncate(4096, true, PreallocMode.OFF, 0);
        assertThat(Files.size(file)).isEqualTo(4096);
        blk.truncate(3 * MIB, true, PreallocMode.OFF, 0);
        assertThat(blk.read(4096, buffer, 0, 4096)).isZero();
        assertThat(buffer.isZero(0, 4096)).as("what was cut off is gone").isTrue();
        test.close();
        assertThat(Files.size(file)).isEqualTo(3 * MIB);
    }

    @Test
    void appendsOfSeveralThreadsAllArrive() throws Exception {
        BlockBackend blk = grower();
        List<Thread> threads = new ArrayList<>();
        int block = 64 << 10;
        for (int i = 0; i < 4; i++) {
            int first = i;
            threads.add(new Thread(() -> {
                for (int at = first; at < 128; at += 4) {
                    assertThat(blk.write((long) at * block, buffer, 0, block, 0))
                            .isZero();
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        test.close();
        byte[] expected = new byte[128 * block];
        Arrays.fill(expected, (byte) 7);
        assertThat(Files.readAllBytes(file)).isEqualTo(expected);
    }

    @Test
    void nobodyElseMayResizeMeanwhile() {
        grower();
        BlockNode below = test.graph.nodes().get(1);
        assertThatThrownBy(() -> test.writer(below)).hasMessageContaining("Permission conflict");
    }
}

package org.qsd4j.export.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.TestGraph;
import org.qsd4j.sys.NativeBuffer;

/** Two growable exports of one image. */
class FuseSharedNodeTest {
    private static final int BLOCK = 512;
    private static final int BLOCKS = 40_000;
    private static final int ROUNDS = 2000;

    @TempDir
    Path dir;

    /** Each block is written where the file has to grow for it; growing it for one user must not cut off the other's. */
    @Test
    void appendsThroughTwoExportsOfOneFileAreAllThere() throws Exception {
        Path image = Files.createFile(dir.resolve("img"));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (TestGraph test = new TestGraph()) {
            test.add("{'driver':'file','node-name':'f','filename':'" + image + "'}");
            BlockNode first = test.add("{'driver':'raw','node-name':'r1','file':'f'}");
            BlockNode second = test.add("{'driver':'raw','node-name':'r2','file':'f'}");
            BlockBackend one = test.writer(first);
            BlockBackend two = test.writer(second);
            List<Future<?>> appends =
                    List.of(threads.submit(() -> append(one, 0)), threads.submit(() -> append(two, 1)));
            for (Future<?> append : appends) {
                append.get();
            }
        } finally {
            threads.shutdownNow();
        }
        byte[] bytes = Files.readAllBytes(image);
        assertThat(bytes).hasSize(BLOCKS * BLOCK);
        for (int block = 0; block < BLOCKS; block++) {
            assertThat(bytes[block * BLOCK]).as("block %d", block).isEqualTo((byte) 1);
        }
    }

    /** The one makes the file a bit longer, the other much: it must not end up only a bit longer. */
    @Test
    void resizingOneNodeDoesNotCutOffWhatAnotherUserOfItsFileHasGrown() throws Exception {
        Path image = Files.createFile(dir.resolve("img"));
        ExecutorService threads = Executors.newFixedThreadPool(1);
        try (TestGraph test = new TestGraph()) {
            BlockNode file = test.add("{'driver':'file','node-name':'f','filename':'" + image + "'}");
            BlockNode first = test.add("{'driver':'raw','node-name':'r1','file':'f'}");
            BlockNode second = test.add("{'driver':'raw','node-name':'r2','file':'f'}");
            FuseSpace space = new FuseSpace(test.writer(second), true);
            CyclicBarrier start = new CyclicBarrier(2);
            for (int round = 0; round < ROUNDS; round++) {
                test.graph.resize(first, 0);
                Future<Integer> growing = threads.submit(() -> {
                    start.await();
                    return space.growTo(BLOCK);
                });
                start.await();
                test.graph.resize(first, BLOCKS);
                assertThat(growing.get()).isZero();
                assertThat(Files.size(image)).as("round %d", round).isEqualTo(BLOCKS);
                assertThat(file.length()).isEqualTo(BLOCKS);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void append(BlockBackend blk, int from) {
        blk.setAllowWriteBeyondEof(true);
        FuseSpace space = new FuseSpace(blk, true);
        NativeBuffer ones = NativeBuffer.allocate(BLOCK);
        ones.putByte(0, (byte) 1);
        for (int block = from; block < BLOCKS; block += 2) {
            assertThat(space.growTo((block + 1L) * BLOCK)).isZero();
            assertThat(blk.write((long) block * BLOCK, ones, 0, BLOCK, 0)).isZero();
        }
    }
}

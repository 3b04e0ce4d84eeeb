package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.sys.NativeBuffer;

/**
 * One thread frees and reallocates clusters as fast as it can, another reads and writes them: a reader never sees another
 * guest cluster's data, and a hole punched for the old owner never hits the new one's.
 */
class StaleAccessTest {
    private static final int CLUSTER = 4096;
    private static final int CLUSTERS = 64;
    private static final int ROUNDS = Boolean.getBoolean("qsd4j.long") ? 400_000 : 8_000;

    @TempDir
    Path dir;

    @Test
    void freedClustersAreNobodysWhileSomebodyReadsThem() throws Exception {
        Path path = dir.resolve("image");
        QemuTools.create(path, "cluster_size=4k", "256k");
        Qcow2Options d = Qcow2Options.defaults(false);
        Qcow2Options options =
                new Qcow2Options(false, null, true, true, true, false, d.overlapCheck(), 0, d.l2CacheEntrySize(), 0, 0);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (TestFileNode file = new TestFileNode(path, false)) {
            TestImage image = new TestImage(file, null, null, options);
            AtomicBoolean done = new AtomicBoolean();
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                long seed = i;
                readers.add(threads.submit(() -> read(image.node, done, seed)));
            }
            rewrite(image.node);
            done.set(true);
            for (Future<?> reader : readers) {
                reader.get();
            }
            image.node.doClose();
        } finally {
            threads.shutdownNow();
        }
        WriteModelTest.check(path);
    }

    /** Every word of a cluster holds the cluster's number, from its first write on, or zero. */
    private static void rewrite(BlockNode node) {
        Random random = new Random(1);
        NativeBuffer buffer = NativeBuffer.allocate(CLUSTER);
        for (int round = 0; round < ROUNDS; round++) {
            int cluster = random.nextInt(CLUSTERS);
            long offset = (long) cluster * CLUSTER;
            if (random.nextInt(3) == 0) {
                assertThat(node.discard(offset, CLUSTER)).isZero();
            } else if (random.nextInt(4) == 0) {
                assertThat(node.writeZeroes(offset, CLUSTER, RequestFlags.MAY_UNMAP))
                        .isZero();
            } else {
                for (int i = 0; i < CLUSTER; i += 8) {
                    buffer.putLong(i, cluster + 1);
                }
                assertThat(node.write(offset, buffer, 0, CLUSTER, 0)).isZero();
                assertThat(node.read(offset, buffer, 0, CLUSTER)).isZero();
                assertThat(buffer.getLong(CLUSTER - 8)).isEqualTo(cluster + 1);
            }
            if (random.nextInt(8) == 0) {
                assertThat(node.flush()).isZero();
            }
        }
    }

    private static void read(BlockNode node, AtomicBoolean done, long seed) {
        Random random = new Random(seed);
        NativeBuffer buffer = NativeBuffer.allocate(4 * CLUSTER);
        while (!done.get()) {
            int first = random.nextInt(CLUSTERS - 3);
            assertThat(node.read((long) first * CLUSTER, buffer, 0, 4 * CLUSTER))
                    .isZero();
            for (int i = 0; i < 4 * CLUSTER; i += 8) {
                long value = buffer.getLong(i);
                if (value != 0 && value != first + i / CLUSTER + 1) {
                    throw new AssertionError("cluster " + (first + i / CLUSTER) + " shows " + value);
                }
            }
        }
    }
}

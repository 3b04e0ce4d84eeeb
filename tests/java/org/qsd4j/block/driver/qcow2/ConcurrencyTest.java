package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.sys.NativeBuffer;

/**
 * Several threads on one image, each with sectors of its own, interleaved so that all of them meet in every cluster: a
 * thread reads back what it last wrote, whatever the others do to their sectors, and never sees anybody else's.
 */
class ConcurrencyTest {
    private static final boolean LONG = Boolean.getBoolean("qsd4j.long");
    private static final int THREADS = 4;
    private static final int SECTORS = 4096;
    private static final int STEPS = LONG ? 200_000 : 6_000;

    @TempDir
    Path dir;

    static Stream<String> options() {
        return Stream.of(
                "cluster_size=4k",
                "cluster_size=64k",
                "cluster_size=16k,extended_l2=on",
                "snapshot",
                "cluster_size=512");
    }

    @ParameterizedTest
    @MethodSource("options")
    void threadsSeeTheirOwnSectors(String options) throws Exception {
        Path path = dir.resolve("image");
        String size = Integer.toString(SECTORS * 512);
        QemuTools.create(path, options.equals("snapshot") ? "cluster_size=4k" : options, size);
        if (options.equals("snapshot")) {
            QemuTools.io(path, "write -P 17 0 2M");
            QemuTools.ok("qemu-img", "snapshot", "-c", "s", path.toString());
            QemuTools.io(path, "write -z 0 2M");
        }
        ExecutorService threads = Executors.newFixedThreadPool(THREADS + 1);
        try (TestImage image = TestImage.open(path, false)) {
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                results.add(threads.submit(new Worker(image.node, i)));
            }
            results.add(threads.submit(new Flusher(image.node, List.copyOf(results))));
            for (Future<?> result : results) {
                result.get();
            }
            assertThat(image.corruptions).isEmpty();
        } finally {
            threads.shutdownNow();
        }
        WriteModelTest.check(path);
    }

    /** Writes its own sectors with the sector's number and a count; zeroes whole runs of them only with the others' leave. */
    private record Worker(BlockNode node, int index) implements Callable<Void> {
        @Override
        public Void call() {
            Random random = new Random(index);
            NativeBuffer buffer = NativeBuffer.allocate(512);
            long[] expected = new long[SECTORS];
            for (int step = 1; step <= STEPS; step++) {
                int sector = random.nextInt(SECTORS / THREADS) * THREADS + index;
                int kind = random.nextInt(10);
                if (kind < 4) {
                    long value = (long) sector << 32 | step;
                    for (int i = 0; i < 512; i += 8) {
                        buffer.putLong(i, value);
                    }
                    assertThat(node.write(sector * 512L, buffer, 0, 512, 0)).isZero();
                    expected[sector] = value;
                } else if (kind == 4) {
                    int flags = random.nextBoolean() ? RequestFlags.MAY_UNMAP : 0;
                    assertThat(node.writeZeroes(sector * 512L, 512, flags)).isZero();
                    expected[sector] = 0;
                } else {
                    assertThat(node.read(sector * 512L, buffer, 0, 512)).isZero();
                    for (int i = 0; i < 512; i += 8) {
                        long value = buffer.getLong(i);
                        if (value != expected[sector]) {
                            throw new AssertionError("sector " + sector + " holds " + Long.toHexString(value)
                                    + " instead of " + Long.toHexString(expected[sector]));
                        }
                    }
                }
            }
            return null;
        }
    }

    private record Flusher(BlockNode node, List<Future<?>> others) implements Callable<Void> {
        @Override
        public Void call() throws Exception {
            while (others.stream().anyMatch(other -> !other.isDone())) {
                assertThat(node.flush()).isZero();
                Thread.sleep(1);
            }
            return null;
        }
    }
}

package org.qsd4j.block.driver.qcow2;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.sys.NativeBuffer;

/** From a guest offset to a host offset, with tables in the cache; and a read of 4 KiB on top of it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Qcow2MappingBenchmark {
    private static final int CLUSTER = 65536;
    private static final int CLUSTERS = 256;

    private final BlockStatus status = new BlockStatus();
    private final NativeBuffer buffer = NativeBuffer.allocate(CLUSTER);
    private Path path;
    private TestImage image;
    private int next;

    @Setup
    public void setUp() throws IOException {
        path = Files.createTempFile("qsd4j-jmh", ".qcow2");
        TestImage.create(path, TestImage.createOptions(1L << 30, CLUSTER));
        image = TestImage.open(path, false);
        for (int i = 0; i < CLUSTERS; i++) {
            // Every other one, so that no two lie side by side.
            if (image.node.write(2L * i * CLUSTER, buffer, 0, CLUSTER, 0) != 0) {
                throw new IOException("write");
            }
        }
    }

    @TearDown
    public void tearDown() throws IOException {
        image.close();
        Files.delete(path);
    }

    private long offset() {
        next = (next + 97) % CLUSTERS;
        return 2L * next * CLUSTER;
    }

    @Benchmark
    public int map() {
        return image.node.blockStatus(true, offset(), CLUSTER, status);
    }

    @Benchmark
    public int read4k() {
        return image.node.read(offset(), buffer, 0, 4096);
    }
}

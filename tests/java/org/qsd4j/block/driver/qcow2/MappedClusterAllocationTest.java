package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.Allocations;

/** Requests to clusters that are there already allocate no memory. */
class MappedClusterAllocationTest {
    private static final int DISK = 2 << 20;
    private static final int WARM_UP = 20_000;
    private static final int REQUESTS = 50_000;

    @TempDir
    Path dir;

    private final NativeBuffer buffer = NativeBuffer.allocate(8192);
    private final BlockStatus status = new BlockStatus();

    @ParameterizedTest
    @ValueSource(strings = {"", "cluster_size=4k", "extended_l2=on", "refcount_bits=1,cluster_size=512", "compat=0.10"})
    void readsAndWritesInPlaceAllocateNothing(String options) throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, options, Integer.toString(DISK));
        QemuTools.io(image, "write -P 1 0 1M");
        try (TestImage ours = TestImage.open(image, false)) {
            run(ours, WARM_UP);
            assertThat(Allocations.of(() -> run(ours, REQUESTS))).isLessThan(REQUESTS);
        }
    }

    private void run(TestImage image, int requests) {
        int failures = 0;
        for (int i = 0; i < requests; i++) {
            long offset = (i & 127) * 8192L + 512;
            failures += image.node.write(offset, buffer, 0, 4096, 0);
            failures += image.node.read(offset, buffer, 0, 4096);
            // Never written: zeroes, without I/O.
            failures += image.node.read(offset + (1 << 20), buffer, 0, 4096);
            failures += image.node.blockStatus(true, offset, 4096, status);
        }
        assertThat(failures).isZero();
    }
}

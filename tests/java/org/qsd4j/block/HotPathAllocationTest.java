package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.Allocations;

/** Requests make no garbage, or the collector would stop every queue for them. */
class HotPathAllocationTest {
    private static final int WARM_UP = 300;
    private static final int REQUESTS = 5000;

    @TempDir
    Path dir;

    private final NativeBuffer buffer = NativeBuffer.allocate(8192);
    private final BlockStatus status = new BlockStatus();

    @ParameterizedTest
    @ValueSource(strings = {"", ",'cache':{'direct':true}", ",'detect-zeroes':'on','discard':'unmap'"})
    void requestsThroughRawAndFileAllocateNothing(String options) throws Exception {
        Path image = Files.write(dir.resolve("img"), new byte[1 << 20]);
        try (TestGraph test = new TestGraph()) {
            BlockBackend backend =
                    test.writer(test.add("{'driver':'raw','node-name':'r','file':{'driver':'file','filename':'" + image
                            + "'" + options + "}" + options + "}"));
            assertThat(allocatedBy(backend, 0)).isLessThan(REQUESTS);
        }
    }

    @Test
    void paddedRequestsAllocateNothing() throws Exception {
        Path image = Files.write(dir.resolve("img"), new byte[1 << 20]);
        try (TestGraph test = new TestGraph()) {
            BlockBackend backend = test.writer(
                    test.add("{'driver':'file','node-name':'f','filename':'" + image + "','cache':{'direct':true}}"));
            assertThat(allocatedBy(backend, 100)).isLessThan(REQUESTS);
        }
    }

    private long allocatedBy(BlockBackend backend, int shift) {
        run(backend, shift, WARM_UP);
        return Allocations.of(() -> run(backend, shift, REQUESTS));
    }

    private void run(BlockBackend backend, int shift, int requests) {
        int failures = 0;
        for (int i = 0; i < requests; i++) {
            long offset = (i & 63) * 8192L + shift;
            failures += backend.write(offset, buffer, shift, 4096, 0);
            failures += backend.read(offset, buffer, shift, 4096);
            failures += backend.blockStatus(true, offset, 4096, status);
            failures += backend.writeZeroes(offset, 4096, RequestFlags.MAY_UNMAP);
            failures += backend.discard(offset, 4096);
            failures += backend.node().allocatedSize() < 0 ? 1 : 0;
        }
        failures += backend.flush();
        assertThat(failures).isZero();
    }
}

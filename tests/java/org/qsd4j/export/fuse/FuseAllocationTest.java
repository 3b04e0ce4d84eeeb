package org.qsd4j.export.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.Requirements;
import org.qsd4j.aio.IoThread;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

class FuseAllocationTest {
    private static final int REQUESTS = 5000;

    @TempDir
    Path dir;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final NativeBuffer buffer = NativeBuffer.allocate(1 << 20);

    @Test
    void aQueueAllocatesNothingPerRequest() throws Exception {
        Requirements.fuse();
        try (FuseFixture fixture = new FuseFixture(dir)) {
            fixture.ioThreads.put("io", new IoThread("io"));
            Path file = fixture.export(fixture.node("node", 1 << 20), "'writable': true, 'iothread': 'io'");
            int fd = Libc.open(file.toString(), Libc.O_RDWR | Libc.O_CLOEXEC, 0);
            try {
                long queue = queueThread();
                work(fd);
                long before = threads.getThreadAllocatedBytes(queue);
                work(fd);
                assertThat(threads.getThreadAllocatedBytes(queue) - before)
                        .as("bytes for %d requests", REQUESTS * 2)
                        .isLessThan(REQUESTS);
            } finally {
                Libc.close(fd);
            }
        }
    }

    private static long queueThread() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("fuse e 0"))
                .findFirst()
                .orElseThrow()
                .getId();
    }

    private void work(int fd) {
        for (int i = 0; i < REQUESTS; i++) {
            assertThat(Libc.pread(fd, buffer.address(), 4096, (i & 63) * 4096L)).isEqualTo(4096);
            assertThat(Libc.pwrite(fd, buffer.address(), 4096, (i & 63) * 4096L))
                    .isEqualTo(4096);
            if ((i & 15) == 0) {
                assertThat(Libc.pread(fd, buffer.address(), 1 << 20, 0)).isEqualTo(1 << 20);
                assertThat(Libc.lseek(fd, 0, Libc.SEEK_DATA)).isZero();
                assertThat(Libc.fdatasync(fd)).isZero();
            }
        }
    }
}

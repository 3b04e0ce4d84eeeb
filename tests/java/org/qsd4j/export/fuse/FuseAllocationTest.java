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
        measure(FuseSwitch.OFF, "fuse e 0");
    }

    @Test
    void aRingAllocatesNothingPerRequest() throws Exception {
        Requirements.fuse();
        try (FuseParameter parameter = FuseParameter.ioUring("Y")) {
            parameter.require();
            measure(FuseSwitch.ON, "fuse e ring");
        }
    }

    private void measure(FuseSwitch ioUring, String threadNames) throws Exception {
        try (FuseFixture fixture = new FuseFixture(dir)) {
            fixture.driver.setIoUring(ioUring);
            fixture.ioThreads.put("io", new IoThread("io"));
            Path file = fixture.export(fixture.node("node", 1 << 20), "'writable': true, 'iothread': 'io'");
            int fd = Libc.open(file.toString(), Libc.O_RDWR | Libc.O_CLOEXEC, 0);
            try {
                work(fd);
                long[] queues = queueThreads(threadNames);
                long before = allocated(queues);
                work(fd);
                assertThat(allocated(queues) - before)
                        .as("bytes for %d requests", REQUESTS * 2)
                        .isLessThan(REQUESTS);
            } finally {
                Libc.close(fd);
            }
        }
    }

    private static long[] queueThreads(String names) {
        long[] found = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(names))
                .mapToLong(Thread::getId)
                .toArray();
        assertThat(found).isNotEmpty();
        return found;
    }

    private long allocated(long... of) {
        long bytes = 0;
        for (long thread : threads.getThreadAllocatedBytes(of)) {
            bytes += thread;
        }
        return bytes;
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

package org.qsd4j.block.driver.file;

import java.lang.ref.Reference;
import org.qsd4j.block.BlockLimits;
import org.qsd4j.sys.DirectIoStat;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/**
 * What a descriptor with O_DIRECT wants of offsets, lengths and memory: what statx(2) says, and where that says nothing,
 * what reads are accepted. QEMU: {@code raw_probe_alignment}.
 */
final class DirectAlignment {
    private static final int MAX = 4096;
    private static final int SMALLEST_SECTOR = 512;

    private DirectAlignment() {}

    static void probe(int fd, BlockLimits limits) {
        DirectIoStat stat = new DirectIoStat();
        if (stat.read(fd)) {
            set(limits, stat.offsetAlignment(), stat.memoryAlignment());
            return;
        }
        NativeBuffer buffer = NativeBuffer.allocate(2 * MAX);
        int request = probeRequest(fd, buffer);
        set(limits, request, probeMemory(fd, buffer, request));
    }

    private static void set(BlockLimits limits, int request, int memory) {
        limits.requestAlignment = request;
        limits.memoryAlignment = memory;
        limits.minMemoryAlignment = memory;
        limits.optMemoryAlignment = Math.max(memory, MAX);
    }

    private static int probeRequest(int fd, NativeBuffer buffer) {
        if (accepts(fd, buffer, 0, 1)) {
            // An empty file takes anything, and some file systems go through the page cache after all: be careful.
            return MAX;
        }
        int alignment = SMALLEST_SECTOR;
        while (alignment < MAX && !accepts(fd, buffer, 0, alignment)) {
            alignment *= 2;
        }
        return alignment;
    }

    private static int probeMemory(int fd, NativeBuffer buffer, int request) {
        if (accepts(fd, buffer, 1, request)) {
            return MAX;
        }
        int alignment = SMALLEST_SECTOR;
        while (alignment < MAX && !accepts(fd, buffer, alignment, request)) {
            alignment *= 2;
        }
        return alignment;
    }

    private static boolean accepts(int fd, NativeBuffer buffer, int at, int bytes) {
        long result;
        try {
            do {
                result = Libc.pread(fd, buffer.address(at, bytes), bytes, 0);
            } while (result == -Errno.EINTR);
        } finally {
            Reference.reachabilityFence(buffer);
        }
        return result != -Errno.EINVAL;
    }
}

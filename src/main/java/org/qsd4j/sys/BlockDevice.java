package org.qsd4j.sys;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What {@code <linux/fs.h>} offers for block devices beside reading and writing. Results are 0 or more, or -errno; any
 * thread.
 */
public final class BlockDevice {
    private static final long BLKROGET = 0x125e;
    private static final long BLKSECTGET = 0x1267;
    private static final long BLKSSZGET = 0x1268;
    private static final long BLKDISCARD = 0x1277;
    private static final long BLKZEROOUT = 0x127f;
    private static final int SECTOR = 512;

    /** A range of two words, or one result: a request's own, so that it makes no garbage. */
    private static final ThreadLocal<NativeBuffer> ARGUMENT =
            ThreadLocal.withInitial(() -> NativeBuffer.allocate(2 * Long.BYTES));

    private BlockDevice() {}

    /** 1 if the kernel refuses writes to the device, whatever way it was opened; 0 if it doesn't. */
    public static int isReadOnly(int fd) {
        return query(fd, BLKROGET);
    }

    /** Bytes that offset and length of every request to the device itself have to be a multiple of. */
    public static int logicalSectorBytes(int fd) {
        return query(fd, BLKSSZGET);
    }

    /** Bytes that one request to the hardware can have. */
    public static int maxTransferBytes(int fd) {
        NativeBuffer argument = ARGUMENT.get();
        argument.putLong(0, 0);
        int result = Libc.ioctl(fd, BLKSECTGET, argument.address());
        // An unsigned short; the kernel caps what doesn't fit.
        return result < 0 ? result : (argument.getInt(0) & 0xffff) * SECTOR;
    }

    private static int query(int fd, long request) {
        NativeBuffer argument = ARGUMENT.get();
        argument.putLong(0, 0);
        int result = Libc.ioctl(fd, request, argument.address());
        return result < 0 ? result : argument.getInt(0);
    }

    /** The range may read as anything afterwards. Whole sectors only. */
    public static int discard(int fd, long offset, long bytes) {
        return onRange(fd, BLKDISCARD, offset, bytes);
    }

    /** The range reads as zeroes afterwards; the kernel writes them if the device can't do better. Whole sectors only. */
    public static int zeroOut(int fd, long offset, long bytes) {
        return onRange(fd, BLKZEROOUT, offset, bytes);
    }

    private static int onRange(int fd, long request, long offset, long bytes) {
        NativeBuffer range = ARGUMENT.get();
        int result;
        do {
            range.putLong(0, offset);
            range.putLong(Long.BYTES, bytes);
            result = Libc.ioctl(fd, request, range.address());
        } while (result == -Errno.EINTR);
        return result;
    }

    /**
     * A number that the kernel tells about the device's queue in sysfs.
     *
     * @param device of {@link FileStat#device}
     * @return 0 where it tells none: a partition, an old kernel
     */
    public static int queueLimit(long device, String name) {
        Path path = Path.of("/sys/dev/block/" + major(device) + ":" + minor(device) + "/queue/" + name);
        try {
            long value = Long.parseLong(
                    Files.readString(path, StandardCharsets.US_ASCII).strip());
            return value < 0 || value > Integer.MAX_VALUE ? 0 : (int) value;
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    private static long major(long device) {
        return (device >>> 8 & 0xfff) | (device >>> 32 & ~0xfffL);
    }

    private static long minor(long device) {
        return (device & 0xff) | (device >>> 12 & 0xffff_ff00L);
    }
}

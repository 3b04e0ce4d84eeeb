package org.qsd4j.export.fuse;

import org.qsd4j.aio.Immutable;
import org.qsd4j.sys.KernelFile;

/**
 * How the kernel is to bring an export's requests; clients see no difference.
 *
 * @param ioUring over io_uring instead of /dev/fuse
 * @param passthrough programs read the image's own file where that is the same
 * @param maxBytes the biggest READ or WRITE, a multiple of the page
 * @param ringPayloadBytes room for data in an entry of a ring; the kernel refuses less than {@code maxBytes}
 */
@Immutable
record FuseTuning(FuseSwitch ioUring, FuseSwitch passthrough, int maxBytes, int ringPayloadBytes) {
    /** What every kernel can do. */
    static final int COMMON_MAX_BYTES = 1 << 20;

    private static final int GREATEST_MAX_BYTES = 16 << 20;
    private static final int PAGE = 4096;
    private static final String MAX_PAGES_LIMIT = "/proc/sys/fs/fuse/max_pages_limit";

    /** With the biggest requests that the machine's administrator allows. */
    static FuseTuning of(FuseSwitch ioUring, FuseSwitch passthrough) {
        int maxBytes = allowedMaxBytes();
        return new FuseTuning(ioUring, passthrough, maxBytes, maxBytes);
    }

    private static int allowedMaxBytes() {
        String limit = KernelFile.read(MAX_PAGES_LIMIT);
        if (limit == null) {
            return COMMON_MAX_BYTES; // kernels before 6.13
        }
        try {
            long pages = Long.parseLong(limit);
            return (int) Math.max(COMMON_MAX_BYTES, Math.min(GREATEST_MAX_BYTES, pages * PAGE));
        } catch (NumberFormatException e) {
            return COMMON_MAX_BYTES;
        }
    }
}

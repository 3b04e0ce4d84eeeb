package org.qsd4j.export.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.qsd4j.aio.Immutable;

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
    private static final Path MAX_PAGES_LIMIT = Path.of("/proc/sys/fs/fuse/max_pages_limit");

    /** With the biggest requests that the machine's administrator allows. */
    static FuseTuning of(FuseSwitch ioUring, FuseSwitch passthrough) {
        int maxBytes = allowedMaxBytes();
        return new FuseTuning(ioUring, passthrough, maxBytes, maxBytes);
    }

    private static int allowedMaxBytes() {
        try {
            long pages = Long.parseLong(Files.readString(MAX_PAGES_LIMIT).strip());
            return (int) Math.max(COMMON_MAX_BYTES, Math.min(GREATEST_MAX_BYTES, pages * PAGE));
        } catch (IOException | NumberFormatException e) {
            return COMMON_MAX_BYTES; // kernels before 6.13
        }
    }
}

package org.qsd4j.block;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.Errno;

/**
 * Discards cut at the driver's boundaries. They are advice: what the driver can't discard stays as it is, and that is no
 * error. QEMU: {@code bdrv_co_pdiscard}.
 */
@ThreadSafe
final class DiscardRequest {
    private static final long MAX_PIECE = 1 << 30;

    private DiscardRequest() {}

    static int discard(BlockNode node, long offset, long bytes) {
        BlockLimits limits = node.limits();
        long unit = Math.max(limits.pdiscardAlignment, limits.requestAlignment);
        long end = offset + bytes;
        for (long at = offset; at < end; ) {
            long piece = piece(limits, unit, at, end);
            int result = piece % limits.requestAlignment == 0 && at % limits.requestAlignment == 0
                    ? node.doDiscard(at, piece)
                    : -Errno.ENOTSUP;
            boolean partOfUnit = at % unit != 0 || piece % unit != 0;
            if (result < 0 && result != -Errno.ENOTSUP && !(result == -Errno.EINVAL && partOfUnit)) {
                return result;
            }
            at += piece;
        }
        return 0;
    }

    private static long piece(BlockLimits limits, long unit, long at, long end) {
        long bytes = end - at;
        long head = Math.floorMod(-at, unit);
        if (head != 0) {
            // Drivers that track parts of a unit get what is aligned to a request, the rest apart from it.
            long untilRequest = Math.floorMod(-at, (long) limits.requestAlignment);
            return Math.min(bytes, untilRequest != 0 ? untilRequest : head);
        }
        if (bytes >= unit) {
            long max = limits.maxPdiscard == 0 ? MAX_PIECE : Math.min(MAX_PIECE, limits.maxPdiscard);
            return Math.min(bytes - bytes % unit, Math.max(unit, max - max % unit));
        }
        long inRequests = bytes - bytes % limits.requestAlignment;
        return inRequests == 0 ? bytes : inRequests;
    }
}

package org.qsd4j.block;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/**
 * Write-zeroes cut to what the driver can do, and written as buffers of zeroes where it can't. QEMU: {@code
 * bdrv_co_do_pwrite_zeroes}.
 */
@ThreadSafe
final class ZeroRequest {
    /** Longer ones are cut, so that a driver may count bytes in an int. */
    private static final long MAX_PIECE = 1 << 30;

    private ZeroRequest() {}

    static int write(BlockNode node, long offset, long bytes, int flags) {
        int alignment = node.limits().requestAlignment;
        long end = offset + bytes;
        long alignedStart = Math.min(end, Align.up(offset, alignment));
        long alignedEnd = Math.max(alignedStart, Align.down(end, alignment));
        int result = writeBuffers(node, offset, alignedStart - offset, flags);
        if (result == 0 && alignedEnd > alignedStart) {
            result = writeAligned(node, alignedStart, alignedEnd, flags);
        }
        return result < 0 ? result : writeBuffers(node, alignedEnd, end - alignedEnd, flags);
    }

    private static int writeAligned(BlockNode node, long start, long end, int flags) {
        if (node.limits().requestAlignment == 1 && !node.serialisesWrites()) {
            return writePieces(node, start, end, flags);
        }
        SerialisedRanges ranges = node.serialisedRanges();
        long locks = ranges.lock(start, end, false);
        int result;
        try {
            result = tryPieces(node, start, end, flags);
        } finally {
            ranges.unlock(locks, false);
        }
        // The fallback takes the locks itself, and a shared lock taken twice can block behind a waiting writer.
        return result == -Errno.ENOTSUP && (flags & RequestFlags.NO_FALLBACK) == 0
                ? writeBuffers(node, start, end - start, flags)
                : result;
    }

    /** Without locks, and without writing buffers where the driver can't. */
    static int tryPieces(BlockNode node, long start, long end, int flags) {
        for (long at = start; at < end; ) {
            long piece = piece(node.limits(), at, end);
            int result = node.doWriteZeroes(at, piece, flags);
            if (result < 0) {
                return result;
            }
            at += piece;
        }
        return 0;
    }

    private static int writePieces(BlockNode node, long start, long end, int flags) {
        for (long at = start; at < end; ) {
            long piece = piece(node.limits(), at, end);
            int result = node.doWriteZeroes(at, piece, flags);
            if (result == -Errno.ENOTSUP && (flags & RequestFlags.NO_FALLBACK) == 0) {
                result = writeBuffers(node, at, piece, flags);
            }
            if (result < 0) {
                return result;
            }
            at += piece;
        }
        return 0;
    }

    /** Up to the driver's next boundary, then whole units, then the rest; none longer than the driver likes. */
    private static long piece(BlockLimits limits, long at, long end) {
        int unit = limits.pwriteZeroesAlignment;
        long bytes = end - at;
        if (unit > 1) {
            long head = Math.floorMod(-at, (long) unit);
            if (head != 0) {
                return Math.min(bytes, head);
            }
            bytes = bytes < unit ? bytes : bytes - bytes % unit;
        }
        long max = limits.maxPwriteZeroes == 0 ? MAX_PIECE : Math.min(MAX_PIECE, limits.maxPwriteZeroes);
        if (bytes <= max) {
            return bytes;
        }
        return max < unit ? max : max - max % unit;
    }

    private static int writeBuffers(BlockNode node, long offset, long bytes, int flags) {
        if (bytes == 0) {
            return 0;
        }
        NativeBuffer zeroes = node.bounceBuffers().zeroes();
        int passedOn = flags & (RequestFlags.FUA | RequestFlags.WRITE_UNCHANGED);
        for (long done = 0; done < bytes; done += BounceBuffers.CAPACITY) {
            int chunk = (int) Math.min(bytes - done, BounceBuffers.CAPACITY);
            int result = node.writeData(offset + done, zeroes, 0, chunk, passedOn);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }
}

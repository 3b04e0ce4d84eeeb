package org.qsd4j.block;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/**
 * Reads and writes that a driver can't take as they come: behind the end, unaligned in the node or in memory, too long.
 * They are padded, bounced and split here, away from the path of the common request.
 *
 * <p>Any number of these may run at once. Reads need no care; writes are kept apart by {@link SerialisedRanges}.
 */
@ThreadSafe
final class UnfitRequest {
    private UnfitRequest() {}

    static int read(BlockNode node, long offset, NativeBuffer buffer, int at, int bytes) {
        int inside = (int) Math.max(0, Math.min(bytes, node.length() - offset));
        if (inside < bytes) {
            buffer.zero(at + inside, bytes - inside);
        }
        int done = 0;
        while (done < inside) {
            int piece = directPiece(node.limits(), offset + done, buffer, at + done, inside - done);
            int result;
            if (piece > 0) {
                result = node.doRead(offset + done, buffer, at + done, piece);
            } else {
                piece = bouncedPiece(node, offset + done, buffer, at + done, inside - done);
                result = bounceRead(node, offset + done, buffer, at + done, piece);
            }
            if (result < 0) {
                return result;
            }
            done += piece;
        }
        return 0;
    }

    static int write(BlockNode node, long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        int alignment = node.limits().requestAlignment;
        if (alignment == 1 && !node.serialisesWrites()) {
            return writePieces(node, offset, buffer, at, bytes, flags);
        }
        long start = Align.down(offset, alignment);
        long end = Align.up(offset + bytes, alignment);
        boolean padded = start != offset || end != offset + bytes;
        SerialisedRanges ranges = node.serialisedRanges();
        long locks = ranges.lock(start, end, padded);
        try {
            int result = writePieces(node, offset, buffer, at, bytes, flags);
            if (result == 0) {
                node.growTo(end);
            }
            return result;
        } finally {
            ranges.unlock(locks, padded);
        }
    }

    /** Without locks. */
    static int writePieces(BlockNode node, long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        int done = 0;
        while (done < bytes) {
            int piece = directPiece(node.limits(), offset + done, buffer, at + done, bytes - done);
            int result;
            if (piece > 0) {
                result = node.doWrite(offset + done, buffer, at + done, piece, flags);
            } else {
                piece = bouncedPiece(node, offset + done, buffer, at + done, bytes - done);
                result = bounceWrite(node, offset + done, buffer, at + done, piece, flags);
            }
            if (result < 0) {
                return result;
            }
            done += piece;
        }
        return 0;
    }

    /** How much may go straight between the driver and the caller's memory; 0 if it has to be bounced. */
    private static int directPiece(BlockLimits limits, long offset, NativeBuffer buffer, int at, int bytes) {
        boolean aligned = Align.isAligned(offset, limits.requestAlignment)
                && Align.isAligned(buffer.address() + at, limits.memoryAlignment);
        return aligned ? (int) Align.down(Math.min(bytes, maxPiece(limits)), limits.requestAlignment) : 0;
    }

    private static int maxPiece(BlockLimits limits) {
        return limits.maxTransfer == 0 ? Integer.MAX_VALUE : limits.maxTransfer;
    }

    /** How much to bounce at once: just the first block if what follows it can go straight, else what fits. */
    private static int bouncedPiece(BlockNode node, long offset, NativeBuffer buffer, int at, int bytes) {
        BlockLimits limits = node.limits();
        int alignment = limits.requestAlignment;
        int head = (int) (Align.down(offset, alignment) + alignment - offset);
        if (head <= bytes && Align.isAligned(buffer.address() + at + head, limits.memoryAlignment)) {
            return head;
        }
        int room = Math.min(node.bounceBuffers().capacity(), maxPiece(limits)) - (alignment - head);
        return bytes <= room ? bytes : (int) (Align.down(offset + room, alignment) - offset);
    }

    private static int bounceRead(BlockNode node, long offset, NativeBuffer buffer, int at, int bytes) {
        int alignment = node.limits().requestAlignment;
        long start = Align.down(offset, alignment);
        int padded = (int) (Align.up(offset + bytes, alignment) - start);
        NativeBuffer bounce = node.bounceBuffers().borrow();
        try {
            int result = node.doRead(start, bounce, 0, padded);
            if (result == 0) {
                buffer.copyFrom(at, bounce, (int) (offset - start), bytes);
            }
            return result;
        } finally {
            node.bounceBuffers().giveBack(bounce);
        }
    }

    private static int bounceWrite(BlockNode node, long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        int alignment = node.limits().requestAlignment;
        long start = Align.down(offset, alignment);
        int head = (int) (offset - start);
        int padded = (int) (Align.up(offset + bytes, alignment) - start);
        NativeBuffer bounce = node.bounceBuffers().borrow();
        try {
            int result = readPadding(node, start, bounce, head, head + bytes, padded);
            if (result < 0) {
                return result;
            }
            bounce.copyFrom(head, buffer, at, bytes);
            return node.doWrite(start, bounce, 0, padded, flags);
        } finally {
            node.bounceBuffers().giveBack(bounce);
        }
    }

    /** Fills in the first and the last block where the request covers only a part of them. */
    private static int readPadding(BlockNode node, long start, NativeBuffer bounce, int from, int to, int padded) {
        int alignment = node.limits().requestAlignment;
        // The last block's place in the buffer may not be good enough for the driver.
        boolean atOnce = padded == alignment || node.limits().memoryAlignment > alignment;
        int result = 0;
        if (from != 0) {
            node.doDebugEvent(BlkdebugEvent.PWRITEV_RMW_HEAD);
            result = node.doRead(start, bounce, 0, atOnce ? padded : alignment);
            node.doDebugEvent(BlkdebugEvent.PWRITEV_RMW_AFTER_HEAD);
        }
        if (result == 0 && to != padded) {
            node.doDebugEvent(BlkdebugEvent.PWRITEV_RMW_TAIL);
            if (atOnce) {
                result = from != 0 ? 0 : node.doRead(start, bounce, 0, padded);
            } else {
                result = node.doRead(start + padded - alignment, bounce, padded - alignment, alignment);
            }
            node.doDebugEvent(BlkdebugEvent.PWRITEV_RMW_AFTER_TAIL);
        }
        return result;
    }
}

package org.qsd4j.export.nbd;

import java.util.List;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.DirtyBitmap;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * NBD_CMD_BLOCK_STATUS: a chunk for each context, in the order of their ids, of extents that differ from their
 * neighbours and never reach beyond the request.
 *
 * <pre>
 *  compact                                  extended
 *  0 u32 context id                         0 u32 context id
 *  4 u32 length, u32 flags, repeated        4 u32 count of extents
 *                                           8 u64 length, u64 flags, repeated
 * </pre>
 */
@ThreadSafe
final class ExtentCollector {
    /** A reply may tell less than was asked for; this many keep it small. */
    private static final int MAX_EXTENTS = 4096;

    private static final int MAX_PAYLOAD = 8 + 16 * MAX_EXTENTS;

    private final BlockBackend backend;
    private final MetaContexts contexts;
    private final List<DirtyBitmap> bitmaps;
    private final boolean extended;

    ExtentCollector(NbdTarget target, MetaContexts contexts, boolean extended) {
        this.backend = target.backend;
        this.contexts = contexts;
        this.bitmaps = target.bitmaps;
        this.extended = extended;
    }

    void reply(RequestSlot slot, ReplyStream replies) {
        for (long left = contexts.mask() & slot.contexts; left != 0; left &= left - 1) {
            boolean last = (left & (left - 1)) == 0;
            if (!reply(slot, replies, Long.numberOfTrailingZeros(left), last)) {
                return;
            }
        }
    }

    private boolean reply(RequestSlot slot, ReplyStream replies, int id, boolean last) {
        NativeBuffer out = slot.data(MAX_PAYLOAD);
        long start = System.nanoTime();
        int bytes = collect(slot, out, id);
        slot.serviceNanos += System.nanoTime() - start;
        if (bytes < 0) {
            replies.error(slot, NbdErrors.fromErrno(bytes), "can't get block status");
            return false;
        }
        replies.statusChunk(slot, last, out, bytes);
        return true;
    }

    /** The chunk's payload: its length, or -errno. */
    private int collect(RequestSlot slot, NativeBuffer out, int id) {
        int limit = slot.has(Nbd.NBD_CMD_FLAG_REQ_ONE) ? 1 : MAX_EXTENTS;
        long end = slot.offset + slot.length;
        int first = extended ? 8 : 4;
        int count = 0;
        int lastFlags = 0;
        long lastLength = 0;
        out.putIntBE(0, id);
        for (long offset = slot.offset; offset < end; ) {
            int flags = query(id, offset, end - offset, slot.status);
            if (flags < 0) {
                return flags;
            }
            long length = slot.status.bytes;
            if (count == 0 || flags != lastFlags) {
                if (count == limit) {
                    break;
                }
                count++;
                lastFlags = flags;
                lastLength = 0;
            }
            lastLength += length;
            put(out, first, count - 1, lastLength, flags);
            offset += length;
        }
        if (extended) {
            out.putIntBE(4, count);
        }
        return first + count * (extended ? 16 : 8);
    }

    private void put(NativeBuffer out, int first, int index, long length, int flags) {
        if (extended) {
            out.putLongBE(first + 16 * index, length);
            out.putLongBE(first + 16 * index + 8, flags);
        } else {
            out.putIntBE(first + 8 * index, (int) length);
            out.putIntBE(first + 8 * index + 4, flags);
        }
    }

    /** The context's flags at {@code offset}, or -errno; {@code status.bytes} is how far they go, at least 1. */
    private int query(int id, long offset, long bytes, BlockStatus status) {
        if (id == MetaContexts.ALLOCATION_DEPTH_ID) {
            return AllocationDepth.query(backend, offset, bytes, status);
        }
        if (id >= MetaContexts.FIRST_BITMAP_ID) {
            DirtyBitmap bitmap = bitmaps.get(id - MetaContexts.FIRST_BITMAP_ID);
            // In this order: what is written meanwhile may be told as dirty too early, but never as clean.
            status.bytes = bitmap.runLength(offset, bytes);
            return bitmap.isDirty(offset) ? Nbd.NBD_STATE_DIRTY : 0;
        }
        int result = status(offset, bytes, status);
        if (result < 0) {
            return result;
        }
        int hole = status.is(BlockStatus.DATA) ? 0 : Nbd.NBD_STATE_HOLE;
        int zero = status.is(BlockStatus.ZERO) ? Nbd.NBD_STATE_ZERO : 0;
        return hole | zero;
    }

    /** The node's status at {@code offset}: 0 or -errno; {@code status.bytes} is from 1 to {@code bytes}. */
    int status(long offset, long bytes, BlockStatus status) {
        int result = backend.blockStatus(true, offset, bytes, status);
        if (result >= 0) {
            status.bytes = Math.min(status.bytes, bytes);
            if (status.bytes <= 0) {
                return -Errno.EIO;
            }
        }
        return result;
    }
}

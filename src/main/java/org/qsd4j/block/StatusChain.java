package org.qsd4j.block;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;

/** Block status put together from several nodes: a node and its file, and a node and its backing files. */
@ThreadSafe
final class StatusChain {
    private StatusChain() {}

    /** What one node says about a range that lies inside it. QEMU: {@code bdrv_co_do_block_status}. */
    static int ofNode(BlockNode node, boolean wantZero, long offset, long bytes, BlockStatus status) {
        long length = node.sectorAlignedLength();
        status.depth = 1;
        if (offset >= length) {
            status.set(BlockStatus.EOF, 0, 0, null);
            return 0;
        }
        long wanted = Math.min(bytes, length - offset);
        int result = node.doBlockStatus(wantZero, offset, wanted, status);
        if (result < 0) {
            return result;
        }
        status.bytes = Math.min(status.bytes, wanted);
        result = lookBelow(node, wantZero, offset, status);
        boolean reachesEnd = offset + status.bytes == length;
        status.flags = reachesEnd ? status.flags | BlockStatus.EOF : status.flags & ~BlockStatus.EOF;
        return result;
    }

    private static int lookBelow(BlockNode node, boolean wantZero, long offset, BlockStatus status) {
        BlockNode file = status.file;
        if (status.is(BlockStatus.RAW) && file != null) {
            long bytes = status.bytes;
            int result = ofNode(file, wantZero, status.map, bytes, status);
            if (status.bytes == 0) {
                // The file ends before the node does: nothing but zeroes there.
                status.set(BlockStatus.ZERO | BlockStatus.ALLOCATED, bytes, 0, null);
            }
            return result;
        }
        if (status.is(BlockStatus.DATA | BlockStatus.ZERO)) {
            status.flags |= BlockStatus.ALLOCATED;
        } else if (readsAsZeroes(node, offset)) {
            status.flags |= BlockStatus.ZERO;
        }
        int recursable = BlockStatus.RECURSE | BlockStatus.DATA | BlockStatus.OFFSET_VALID;
        if (wantZero && file != null && file != node && (status.flags & recursable) == recursable) {
            lookForZeroes(file, status);
        }
        return 0;
    }

    /** A format's unallocated range where no backing file has anything for it. */
    private static boolean readsAsZeroes(BlockNode node, long offset) {
        if (!node.driverSupportsBacking()) {
            return false;
        }
        BlockChild backing = node.backing();
        return backing == null || offset >= backing.node().sectorAlignedLength();
    }

    /** Preallocated data may be a hole in the file. Errors don't matter: the answer is right without it. */
    private static void lookForZeroes(BlockNode file, BlockStatus status) {
        BlockStatus below = status.below();
        if (ofNode(file, true, status.map, status.bytes, below) < 0) {
            return;
        }
        if (below.is(BlockStatus.EOF) && (below.bytes == 0 || below.is(BlockStatus.ZERO))) {
            status.flags |= BlockStatus.ZERO;
        } else {
            status.bytes = below.bytes;
            status.flags |= below.flags & BlockStatus.ZERO;
        }
    }

    /**
     * What a guest sees of a range, wherever in the chain of backing files it comes from; {@code status.depth} says from
     * which, 1 being the top. QEMU: {@code bdrv_block_status_above}.
     *
     * @param last where to stop looking, or null for the end of the chain
     */
    static int above(
            BlockNode top, @Nullable BlockNode last, boolean wantZero, long offset, long bytes, BlockStatus status) {
        int result = ofNode(top, wantZero, offset, bytes, status);
        long topEnd = status.is(BlockStatus.EOF) ? offset + status.bytes : -1;
        BlockNode below = isSame(top, last) ? null : below(top);
        int depth = 1;
        while (result == 0 && status.bytes > 0 && !status.is(BlockStatus.ALLOCATED) && below != null) {
            long wanted = status.bytes;
            result = ofNode(below, wantZero, offset, wanted, status);
            depth++;
            if (status.bytes == 0) {
                // Behind the end of a short backing file are zeroes, as if it held them.
                status.set(BlockStatus.ZERO | BlockStatus.ALLOCATED, wanted, 0, below);
            }
            status.flags &= ~BlockStatus.EOF;
            below = isSame(below, last) ? null : below(below);
        }
        status.depth = depth;
        if (result == 0 && offset + status.bytes == topEnd) {
            status.flags |= BlockStatus.EOF;
        }
        return result;
    }

    /** Whether they are the same node, even if one of them is an instance from before a reopening. */
    private static boolean isSame(BlockNode node, @Nullable BlockNode last) {
        return last != null && node.state() == last.state();
    }

    private static @Nullable BlockNode below(BlockNode node) {
        BlockChild below = node.filteredOrBacking();
        return below == null ? null : below.node();
    }
}

package org.qsd4j.block;

import org.qsd4j.aio.Immutable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/**
 * Copies into a node what it has to read from its backing file. QEMU: {@code bdrv_co_do_copy_on_readv}. While a cluster is
 * copied, no write may come between the read and the write-back: the node keeps its writes apart.
 */
@ThreadSafe
public final class CopyOnRead {
    /** A reopening or a snapshot puts another instance, or another node, behind the edge. */
    private final BlockChild child;

    private volatile Target known;

    /** @param clusterSize what is copied at once, in bytes */
    @Immutable
    private record Target(BlockNode node, long clusterSize) {
        static Target of(BlockNode node) {
            DriverInfo info = node.driverInfo();
            return new Target(node, Math.max(info == null ? 1 : info.clusterSize(), node.limits().requestAlignment));
        }
    }

    CopyOnRead(BlockChild child) {
        this.child = child;
        this.known = Target.of(child.node());
    }

    private Target target() {
        Target target = known;
        if (target.node != child.node()) {
            target = Target.of(child.node());
            known = target;
        }
        return target;
    }

    /**
     * Has the range be the node's own, whole clusters of it.
     *
     * @param status scratch
     * @return 0 or -errno
     */
    public int copyUp(long offset, long bytes, BlockStatus status) {
        Target target = target();
        BlockNode node = target.node;
        if (node.refusesWrites()) {
            return 0;
        }
        long start = Align.down(offset, target.clusterSize);
        long end = Math.min(Align.up(offset + bytes, target.clusterSize), node.length());
        if (start >= end) {
            return 0;
        }
        long locks = node.serialisedRanges().lock(start, end, true);
        NativeBuffer bounce = node.bounceBuffers().borrow();
        try {
            return copy(node, start, end, bounce, status);
        } finally {
            node.bounceBuffers().giveBack(bounce);
            node.serialisedRanges().unlock(locks, true);
        }
    }

    private static int copy(BlockNode node, long start, long end, NativeBuffer bounce, BlockStatus status) {
        for (long at = start; at < end; ) {
            long wanted = Math.min(end - at, node.bounceBuffers().capacity());
            int result = StatusChain.ofNode(node, false, at, wanted, status);
            int piece = (int) status.bytes;
            if (result == 0 && piece > 0 && !status.is(BlockStatus.ALLOCATED)) {
                result = copyPiece(node, at, bounce, piece);
            }
            if (result < 0 || piece == 0) {
                return result;
            }
            at += piece;
        }
        return 0;
    }

    private static int copyPiece(BlockNode node, long offset, NativeBuffer bounce, int bytes) {
        int result = node.read(offset, bounce, 0, bytes);
        if (result < 0) {
            return result;
        }
        result = bounce.isZero(0, bytes) ? writeZeroes(node, offset, bytes) : -Errno.ENOTSUP;
        if (result == -Errno.ENOTSUP) {
            node.doDebugEvent(BlkdebugEvent.COR_WRITE);
            result = UnfitRequest.writePieces(node, offset, bounce, 0, bytes, RequestFlags.WRITE_UNCHANGED);
        }
        node.wrote(result, offset + bytes);
        return result;
    }

    private static int writeZeroes(BlockNode node, long offset, int bytes) {
        int alignment = node.limits().requestAlignment;
        return Align.isAligned(offset | bytes, alignment)
                ? ZeroRequest.tryPieces(node, offset, offset + bytes, RequestFlags.WRITE_UNCHANGED)
                : -Errno.ENOTSUP;
    }
}

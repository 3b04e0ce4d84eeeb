package org.qsd4j.block;

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
    private final BlockNode node;
    private final long clusterSize;

    CopyOnRead(BlockNode node) {
        this.node = node;
        DriverInfo info = node.driverInfo();
        this.clusterSize = Math.max(info == null ? 1 : info.clusterSize(), node.limits().requestAlignment);
    }

    /**
     * Has the range be the node's own, whole clusters of it.
     *
     * @param status scratch
     * @return 0 or -errno
     */
    public int copyUp(long offset, long bytes, BlockStatus status) {
        if (node.refusesWrites()) {
            return 0;
        }
        long start = Align.down(offset, clusterSize);
        long end = Math.min(Align.up(offset + bytes, clusterSize), node.length());
        if (start >= end) {
            return 0;
        }
        long locks = node.serialisedRanges().lock(start, end, true);
        NativeBuffer bounce = node.bounceBuffers().borrow();
        try {
            return copy(start, end, bounce, status);
        } finally {
            node.bounceBuffers().giveBack(bounce);
            node.serialisedRanges().unlock(locks, true);
        }
    }

    private int copy(long start, long end, NativeBuffer bounce, BlockStatus status) {
        for (long at = start; at < end; ) {
            long wanted = Math.min(end - at, node.bounceBuffers().capacity());
            int result = StatusChain.ofNode(node, false, at, wanted, status);
            int piece = (int) status.bytes;
            if (result == 0 && piece > 0 && !status.is(BlockStatus.ALLOCATED)) {
                result = copyPiece(at, bounce, piece);
            }
            if (result < 0 || piece == 0) {
                return result;
            }
            at += piece;
        }
        return 0;
    }

    private int copyPiece(long offset, NativeBuffer bounce, int bytes) {
        int result = node.read(offset, bounce, 0, bytes);
        if (result < 0) {
            return result;
        }
        result = bounce.isZero(0, bytes) ? writeZeroes(offset, bytes) : -Errno.ENOTSUP;
        if (result == -Errno.ENOTSUP) {
            node.doDebugEvent(BlkdebugEvent.COR_WRITE);
            result = UnfitRequest.writePieces(node, offset, bounce, 0, bytes, RequestFlags.WRITE_UNCHANGED);
        }
        node.wrote(result, offset + bytes);
        return result;
    }

    private int writeZeroes(long offset, int bytes) {
        int alignment = node.limits().requestAlignment;
        return Align.isAligned(offset | bytes, alignment)
                ? ZeroRequest.tryPieces(node, offset, offset + bytes, RequestFlags.WRITE_UNCHANGED)
                : -Errno.ENOTSUP;
    }
}

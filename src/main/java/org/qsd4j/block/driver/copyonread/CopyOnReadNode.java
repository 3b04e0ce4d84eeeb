package org.qsd4j.block.driver.copyonread;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.CopyOnRead;
import org.qsd4j.block.FilterNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.sys.NativeBuffer;

/** Before a read goes down, what it finds only in backing files is copied into the node below. */
final class CopyOnReadNode extends FilterNode {
    private final CopyOnRead copyOnRead;

    /** The lowest node whose data is copied, or null for all of the chain. */
    private final @Nullable BlockNode bottom;

    /** Lent to one request at a time, so that a read of what is there already makes no garbage. */
    private final AtomicReference<@Nullable BlockStatus> spareStatus = new AtomicReference<>();

    CopyOnReadNode(OpenRequest request, BlockChild file, @Nullable BlockNode bottom) {
        super(request, file);
        this.copyOnRead = request.copyOnRead(file);
        this.bottom = bottom;
    }

    @Override
    public boolean supportsCompressedWrites() {
        return true;
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        BlockStatus status = spareStatus.getAndSet(null);
        if (status == null) {
            status = new BlockStatus();
        }
        int result = copyUp(offset, bytes, status);
        spareStatus.set(status);
        return result < 0 ? result : super.doRead(offset, buffer, at, bytes);
    }

    /** Works off what the chain says of the range, piece by piece. */
    private int copyUp(long offset, int bytes, BlockStatus status) {
        long end = offset + bytes;
        for (long at = offset; at < end; ) {
            int result = filtered().node().blockStatusAbove(bottom, at, end - at, status);
            long piece = status.bytes;
            if (result < 0 || piece == 0) {
                return result;
            }
            boolean found = status.is(BlockStatus.ALLOCATED);
            boolean own = found && status.depth == 1;
            if (!own && (found || bottom == null)) {
                result = copyOnRead.copyUp(at, piece, status);
                if (result < 0) {
                    return result;
                }
            }
            at += piece;
        }
        return 0;
    }
}

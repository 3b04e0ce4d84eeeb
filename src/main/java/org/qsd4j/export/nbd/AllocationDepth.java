package org.qsd4j.export.nbd;

import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockStatus;

/** qemu:allocation-depth: 0 where no layer has anything, 1 for the node itself, n for its n-th layer. */
final class AllocationDepth {
    private AllocationDepth() {}

    /** The depth at {@code offset}, or -errno; {@code status.bytes} is how far it is the same, at most {@code bytes}. */
    static int query(BlockBackend backend, long offset, long bytes, BlockStatus status) {
        int result = backend.blockStatus(false, offset, bytes, status);
        if (result < 0) {
            return result;
        }
        return status.is(BlockStatus.ALLOCATED) ? status.depth : 0;
    }
}

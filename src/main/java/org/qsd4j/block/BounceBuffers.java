package org.qsd4j.block;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.NativeBuffer;

/** A node's aligned memory for requests that can't go to the driver as they are; lent, so that none is made a request. */
@ThreadSafe
final class BounceBuffers {
    /** Requests are worked off in pieces of it, unless a block is larger. */
    static final int CAPACITY = 128 << 10;

    private static final int KEPT = 8;

    private final BlockLimits limits;
    private final AtomicReferenceArray<@Nullable NativeBuffer> kept = new AtomicReferenceArray<>(KEPT);
    private volatile @Nullable NativeBuffer zeroes;

    BounceBuffers(BlockLimits limits) {
        this.limits = limits;
    }

    /** Bytes of each buffer: whole blocks of the node. */
    int capacity() {
        return Math.max(CAPACITY, limits.requestAlignment);
    }

    NativeBuffer borrow() {
        for (int i = 0; i < KEPT; i++) {
            NativeBuffer buffer = kept.getAndSet(i, null);
            if (buffer != null) {
                return buffer;
            }
        }
        return NativeBuffer.allocate(capacity());
    }

    void giveBack(NativeBuffer buffer) {
        for (int i = 0; i < KEPT; i++) {
            if (kept.compareAndSet(i, null, buffer)) {
                return;
            }
        }
    }

    /** Zeroes that everybody reads and nobody writes. */
    NativeBuffer zeroes() {
        NativeBuffer buffer = zeroes;
        if (buffer == null) {
            buffer = NativeBuffer.allocate(CAPACITY);
            zeroes = buffer;
        }
        return buffer;
    }
}

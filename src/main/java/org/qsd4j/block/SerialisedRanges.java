package org.qsd4j.block;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.StampedLock;
import org.qsd4j.aio.ThreadSafe;

/**
 * Keeps a read-modify-write of whole blocks apart from every other write of the same blocks: without that, the padding
 * which it writes back could undo what another request has just written. Plain writes share; only a read-modify-write
 * shuts others out.
 *
 * <p>The node is divided in regions, and each region falls on one of a fixed number of locks. A request takes the locks of
 * all its regions in ascending order.
 */
@ThreadSafe
public final class SerialisedRanges {
    private static final int REGION_BITS = 20;
    private static final int LOCKS = Long.SIZE;
    private static final long ALL = -1L;

    private final Lock[] shared = new Lock[LOCKS];
    private final Lock[] exclusive = new Lock[LOCKS];

    public SerialisedRanges() {
        for (int i = 0; i < LOCKS; i++) {
            StampedLock lock = new StampedLock();
            shared[i] = lock.asReadLock();
            exclusive[i] = lock.asWriteLock();
        }
    }

    /** Waits until the range may be written; the result is what {@link #unlock} wants. */
    public long lock(long start, long end, boolean alone) {
        long mask = mask(start, end);
        Lock[] locks = alone ? exclusive : shared;
        for (long left = mask; left != 0; left &= left - 1) {
            locks[Long.numberOfTrailingZeros(left)].lock();
        }
        return mask;
    }

    public void unlock(long mask, boolean alone) {
        Lock[] locks = alone ? exclusive : shared;
        for (long left = mask; left != 0; left &= left - 1) {
            locks[Long.numberOfTrailingZeros(left)].unlock();
        }
    }

    private static long mask(long start, long end) {
        long first = start >>> REGION_BITS;
        long last = (end - 1) >>> REGION_BITS;
        if (last - first >= LOCKS - 1) {
            return ALL;
        }
        long mask = 0;
        for (long region = first; region <= last; region++) {
            mask |= 1L << (region & (LOCKS - 1));
        }
        return mask;
    }
}

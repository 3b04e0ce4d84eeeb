package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.ThreadSafe;

/**
 * Who is changing the L2 entries of which guest clusters. A change of an entry (allocating, zeroing, discarding) claims its
 * clusters first and waits for overlapping claims, so that entries can't change under it while it copies data without any
 * lock. Writes in place and reads claim nothing. A thread holds one claim at a time.
 */
@ThreadSafe
final class ClusterClaims {
    private long[] starts = new long[16];
    private long[] ends = new long[16];
    private int count;
    private int waiting;

    /** Claims clusters {@code start} up to, not including, {@code end}; waits until nobody else has any of them. */
    synchronized void claim(long start, long end) {
        boolean interrupted = false;
        while (overlaps(start, end)) {
            waiting++;
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            } finally {
                waiting--;
            }
        }
        if (count == starts.length) {
            starts = java.util.Arrays.copyOf(starts, 2 * count);
            ends = java.util.Arrays.copyOf(ends, 2 * count);
        }
        starts[count] = start;
        ends[count] = end;
        count++;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Gives back a claim of exactly these clusters. */
    synchronized void release(long start, long end) {
        for (int i = 0; i < count; i++) {
            if (starts[i] == start && ends[i] == end) {
                count--;
                starts[i] = starts[count];
                ends[i] = ends[count];
                if (waiting > 0) {
                    notifyAll();
                }
                return;
            }
        }
        throw new IllegalStateException("clusters " + start + "-" + end + " are not claimed");
    }

    private boolean overlaps(long start, long end) {
        for (int i = 0; i < count; i++) {
            if (start < ends[i] && starts[i] < end) {
                return true;
            }
        }
        return false;
    }
}

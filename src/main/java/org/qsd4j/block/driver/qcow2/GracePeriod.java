package org.qsd4j.block.driver.qcow2;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.qsd4j.aio.ThreadSafe;

/**
 * Tells when every request that might still use an old mapping has ended, without a lock on the requests' side (the idea
 * of sleepable RCU). A request is counted from before it looks at an L2 entry until its I/O on the host cluster is done.
 * Who has made a cluster unreachable takes a ticket from {@link #start} and may hand the cluster to somebody else
 * once {@link #hasPassed} says so.
 *
 * <p>Two sets of counters, striped by thread; one of them is current. A request that has counted itself looks once more
 * whether its set is still current, and starts over if not: so nobody enters a set after the flip, and the set of the
 * time before drains. The next flip waits until it has.
 */
@ThreadSafe
final class GracePeriod {
    private static final int STRIPES = 8;
    private static final int LINE = 32;
    private static final int SET = (STRIPES + 1) * LINE;

    private final AtomicIntegerArray counts = new AtomicIntegerArray(2 * SET + LINE);

    /** Number of flips; its lowest bit says which set is current. Written under this object's monitor. */
    private volatile long era;

    /** Counts a request in; the result goes to {@link #exit}. */
    int enter() {
        int stripe = (((int) Thread.currentThread().getId() & (STRIPES - 1)) + 1) * LINE;
        while (true) {
            long seen = era;
            int index = stripe + ((int) seen & 1) * SET;
            counts.incrementAndGet(index);
            if (era == seen) {
                return index;
            }
            counts.decrementAndGet(index);
        }
    }

    void exit(int index) {
        counts.decrementAndGet(index);
    }

    /** A ticket: what was made unreachable before this call is free of users once {@link #hasPassed} is true of it. */
    long start() {
        return era;
    }

    /** Whether every request that was under way when the ticket was drawn has ended. Never waits. */
    synchronized boolean hasPassed(long ticket) {
        if (era == ticket && isEmpty((ticket + 1) & 1)) {
            era++;
        }
        // Two flips on, the ticket's set has been found empty by the second of them.
        return era > ticket + 1 || (era == ticket + 1 && isEmpty(ticket & 1));
    }

    private boolean isEmpty(long set) {
        for (int i = 1; i <= STRIPES; i++) {
            if (counts.get((int) set * SET + i * LINE) != 0) {
                return false;
            }
        }
        return true;
    }
}

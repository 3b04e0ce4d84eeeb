package org.qsd4j.block;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/**
 * Counts the requests of one user of the graph, and lets the main loop hold new ones back until the graph has changed.
 *
 * <p>The counter is striped by thread, a cache line each, so that two queues never write the same line. {@link #enter}
 * writes its stripe and then reads {@code quiesced}; {@link #beginDrain} writes {@code quiesced} and then reads the
 * stripes: in the single order of volatile accesses one of the two sees the other.
 */
final class InFlight {
    private static final int STRIPES = 8;
    private static final int LINE = 32;

    private final AtomicIntegerArray counts = new AtomicIntegerArray((STRIPES + 1) * LINE);
    private final Object resumed = new Object();

    /** Nesting depth of drained sections; written by the main loop under {@code resumed}. */
    private volatile int quiesced;

    void enter() {
        int stripe = stripe();
        counts.incrementAndGet(stripe);
        while (quiesced != 0) {
            counts.decrementAndGet(stripe);
            awaitResumed();
            counts.incrementAndGet(stripe);
        }
    }

    void exit() {
        counts.decrementAndGet(stripe());
    }

    private static int stripe() {
        return (((int) Thread.currentThread().getId() & (STRIPES - 1)) + 1) * LINE;
    }

    private void awaitResumed() {
        synchronized (resumed) {
            boolean interrupted = false;
            while (quiesced != 0) {
                try {
                    resumed.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** New requests wait from now on; returns when those in flight have ended. Nests. */
    void beginDrain() {
        synchronized (resumed) {
            quiesced++;
        }
        while (total() != 0) {
            LockSupport.parkNanos(20_000);
        }
    }

    void endDrain() {
        synchronized (resumed) {
            quiesced--;
            resumed.notifyAll();
        }
    }

    private int total() {
        int sum = 0;
        for (int i = 1; i <= STRIPES; i++) {
            sum += counts.get(i * LINE);
        }
        return sum;
    }
}

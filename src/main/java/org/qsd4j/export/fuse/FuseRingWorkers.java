package org.qsd4j.export.fuse;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.VoluntarySwitches;

/**
 * Threads that answer for the rings of one export what waits for a disk, so that the rings go on with the rest. They come
 * as they are needed, and go when they have not been for a while.
 */
@ThreadSafe
final class FuseRingWorkers {
    /** So many requests may wait for a disk at the same time. */
    private static final int MAX_THREADS = 16;

    private static final long IDLE_MILLIS = 10_000;

    private final FuseExport export;
    private final ArrayDeque<FuseRingEntry> waiting = new ArrayDeque<>();

    /** Both guarded by this. */
    private int threads;

    private int idle;

    /** Requests that are here and not answered. */
    private final AtomicInteger working = new AtomicInteger();

    FuseRingWorkers(FuseExport export) {
        this.export = export;
    }

    /** Takes a request over; its ring hears of it. False if there is nobody to do it. */
    synchronized boolean offer(FuseRingEntry entry) {
        if (idle <= waiting.size() && threads < MAX_THREADS && export.startThread(this::work, "worker")) {
            threads++;
        }
        if (threads == 0) {
            return false;
        }
        working.incrementAndGet();
        waiting.add(entry);
        notify();
        return true;
    }

    /** Null: the thread isn't needed any more. */
    private synchronized @Nullable FuseRingEntry take() {
        idle++;
        try {
            long deadline = System.nanoTime() + IDLE_MILLIS * 1_000_000;
            while (waiting.isEmpty()) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (export.isStopping() || left <= 0) {
                    threads--;
                    return null;
                }
                wait(left);
            }
            return waiting.remove();
        } catch (InterruptedException e) {
            threads--;
            return null;
        } finally {
            idle--;
        }
    }

    int inFlight() {
        return working.get();
    }

    /** Has idle ones look at {@link FuseExport#isStopping}. */
    synchronized void wake() {
        notifyAll();
    }

    private void work() {
        FuseDispatch dispatch = new FuseDispatch(export);
        VoluntarySwitches switches = new VoluntarySwitches();
        try {
            for (FuseRingEntry entry = take(); entry != null; entry = take()) {
                long before = switches.count();
                long start = System.nanoTime();
                entry.result = dispatch.handle(entry.request);
                entry.waited = System.nanoTime() - start > DiskWaits.SLOW_NANOS && switches.count() != before;
                working.decrementAndGet();
                entry.ring().done(entry);
            }
        } finally {
            export.threadEnded();
        }
    }
}

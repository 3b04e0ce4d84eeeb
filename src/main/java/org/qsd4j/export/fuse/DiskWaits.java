package org.qsd4j.export.fuse;

import org.qsd4j.aio.IoThreadConfined;
import org.qsd4j.sys.VoluntarySwitches;

/**
 * Tells requests that waited for something, most often a disk, from those that only took long because others had the
 * processor: more threads help against the first and make the second worse. The kernel is asked only after a request
 * that took long.
 */
@IoThreadConfined
final class DiskWaits {
    /** What takes less pays no other thread. */
    static final long SLOW_NANOS = 50_000;

    /** What was counted so long ago may have come from elsewhere, from a pause of the JVM for instance. */
    private static final long STALE_NANOS = 10_000_000;

    private final VoluntarySwitches switches = new VoluntarySwitches();

    /** At the last look, and when that was. */
    private long known;

    private long lookedAt;

    /** How often the thread has gone to sleep by itself since; not each time it really did. */
    private long sleeps;

    /** The thread may sleep now, because there is nothing to do. */
    void sleeping() {
        sleeps++;
    }

    /**
     * Whether the request that has just ended had to wait.
     *
     * @param takenNanos from its start until now
     * @param now a System.nanoTime
     */
    boolean hasWaited(long takenNanos, long now) {
        if (takenNanos <= SLOW_NANOS) {
            return false;
        }
        long count = switches.count();
        boolean fresh = now - lookedAt - takenNanos < STALE_NANOS;
        boolean waited = fresh && count - known > sleeps;
        known = count;
        lookedAt = now;
        sleeps = 0;
        return waited;
    }
}

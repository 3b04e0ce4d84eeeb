package org.qsd4j.qom.throttle;

/**
 * Fills with what requests come to and leaks at the rate that is allowed; while it is over the brim, requests wait. A second
 * level, which leaks at the burst rate, keeps a long burst from coming all at once. QEMU: {@code LeakyBucket}. Guarded by its group.
 */
final class LeakyBucket {
    private static final double NANOS = 1e9;

    /** A part of a second's worth that may come at once where no burst is configured. */
    private static final double SLICE = 10;

    private final double average;
    private final double max;
    private final double burstSeconds;
    private double level;
    private double burstLevel;

    LeakyBucket(long average, long max, long burstSeconds) {
        this.average = average;
        this.max = max;
        this.burstSeconds = burstSeconds;
    }

    boolean isUsed() {
        return average != 0;
    }

    void leak(long nanos) {
        double seconds = nanos / NANOS;
        level = Math.max(level - average * seconds, 0);
        burstLevel = Math.max(burstLevel - max * seconds, 0);
    }

    void add(double units) {
        level += units;
        burstLevel += units;
    }

    /** How long the next request has to wait, in nanoseconds. */
    long waitNanos() {
        double size = max == 0 ? average / SLICE : max * burstSeconds;
        if (level > size) {
            return nanos(level - size, average);
        }
        if (burstSeconds > 1 && burstLevel > max / SLICE) {
            return nanos(burstLevel - max / SLICE, max);
        }
        return 0;
    }

    private static long nanos(double units, double rate) {
        return Math.max(1, (long) (units / rate * NANOS));
    }
}

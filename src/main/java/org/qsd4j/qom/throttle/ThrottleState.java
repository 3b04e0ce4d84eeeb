package org.qsd4j.qom.throttle;

/** A group's buckets under one configuration. QEMU: {@code ThrottleState}. Guarded by its group. */
final class ThrottleState {
    private final LeakyBucket[] read;
    private final LeakyBucket[] write;
    private final LeakyBucket[] all;
    private final boolean[] countsBytes;
    private final long iopsSize;
    private long leakedUntilNanos;

    ThrottleState(ThrottleConfig config, long nowNanos) {
        ThrottleBucket[] kinds = ThrottleBucket.values();
        this.all = new LeakyBucket[kinds.length];
        this.read = new LeakyBucket[kinds.length];
        this.write = new LeakyBucket[kinds.length];
        this.countsBytes = new boolean[kinds.length];
        for (int i = 0; i < kinds.length; i++) {
            ThrottleBucket kind = kinds[i];
            all[i] = new LeakyBucket(config.average(kind), config.max(kind), config.burstSeconds(kind));
            LeakyBucket idle = new LeakyBucket(0, 0, 1);
            read[i] = kind.concerns(false) ? all[i] : idle;
            write[i] = kind.concerns(true) ? all[i] : idle;
            countsBytes[i] = kind.countsBytes();
        }
        this.iopsSize = config.iopsSize();
        this.leakedUntilNanos = nowNanos;
    }

    /** How long the next request in that direction has to wait, in nanoseconds. */
    long waitNanos(boolean isWrite, long nowNanos) {
        long passed = Math.max(0, nowNanos - leakedUntilNanos);
        leakedUntilNanos = nowNanos;
        for (LeakyBucket bucket : all) {
            bucket.leak(passed);
        }
        long wait = 0;
        for (LeakyBucket bucket : isWrite ? write : read) {
            if (bucket.isUsed()) {
                wait = Math.max(wait, bucket.waitNanos());
            }
        }
        return wait;
    }

    /** A request goes ahead. */
    void account(boolean isWrite, long bytes) {
        double operations = iopsSize != 0 && bytes > iopsSize ? (double) bytes / iopsSize : 1;
        LeakyBucket[] buckets = isWrite ? write : read;
        for (int i = 0; i < buckets.length; i++) {
            buckets[i].add(countsBytes[i] ? bytes : operations);
        }
    }
}

package org.qsd4j.qom.throttle;

/** What is counted, in QEMU's order. QEMU: {@code BucketType}. */
enum ThrottleBucket {
    BPS_TOTAL(0, "bps-total"),
    BPS_READ(1, "bps-read"),
    BPS_WRITE(2, "bps-write"),
    IOPS_TOTAL(3, "iops-total"),
    IOPS_READ(4, "iops-read"),
    IOPS_WRITE(5, "iops-write");

    /** Its place in tables of them all. */
    final int index;

    /** The name of its rate in {@code ThrottleLimits}. */
    final String wireName;

    ThrottleBucket(int index, String wireName) {
        this.index = index;
        this.wireName = wireName;
    }

    boolean countsBytes() {
        return this == BPS_TOTAL || this == BPS_READ || this == BPS_WRITE;
    }

    /** Whether a request in that direction falls into it. */
    boolean concerns(boolean write) {
        return switch (this) {
            case BPS_TOTAL, IOPS_TOTAL -> true;
            case BPS_READ, IOPS_READ -> !write;
            case BPS_WRITE, IOPS_WRITE -> write;
        };
    }
}

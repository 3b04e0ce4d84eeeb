package org.qsd4j.qom.throttle;

/** What is counted, in QEMU's order. QEMU: {@code BucketType}. */
enum ThrottleBucket {
    BPS_TOTAL("bps-total"),
    BPS_READ("bps-read"),
    BPS_WRITE("bps-write"),
    IOPS_TOTAL("iops-total"),
    IOPS_READ("iops-read"),
    IOPS_WRITE("iops-write");

    /** The name of its rate in {@code ThrottleLimits}. */
    final String wireName;

    ThrottleBucket(String wireName) {
        this.wireName = wireName;
    }

    boolean countsBytes() {
        return ordinal() <= BPS_WRITE.ordinal();
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

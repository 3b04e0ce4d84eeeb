package org.qsd4j.export.nbd;

import java.util.concurrent.TimeUnit;
import org.qsd4j.nbd.wire.Nbd;

/**
 * How long requests of each kind have taken lately, which decides who serves the next: the reader itself, which costs
 * nothing, or a worker, which costs a wake-up but leaves the reader free.
 *
 * <p>Reader and workers update the averages without a lock. A lost update does no harm.
 */
final class ServiceTimes {
    private static final long SLOW_NANOS = TimeUnit.MICROSECONDS.toNanos(150);
    private static final long QUICK_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final int BIG_BYTES = 64 << 10;
    private static final int FUA_KIND = 8;
    private static final int BIG_KIND = 16;
    private static final int KINDS = 32;

    private final long[] averageNanos = new long[KINDS];
    private final boolean[] slow = new boolean[KINDS];

    ServiceTimes() {
        // What waits for stable storage is taken to be slow until it has proved otherwise.
        for (int kind = 0; kind < KINDS; kind++) {
            boolean durable = (kind & 7) == Nbd.NBD_CMD_FLUSH || (kind & FUA_KIND) != 0;
            slow[kind] = durable;
            averageNanos[kind] = durable ? SLOW_NANOS : 0;
        }
    }

    boolean isSlow(RequestSlot slot) {
        return slow[kind(slot)];
    }

    void record(RequestSlot slot, long nanos) {
        int kind = kind(slot);
        long average = averageNanos[kind] + (nanos - averageNanos[kind]) / 8;
        averageNanos[kind] = average;
        if (average > SLOW_NANOS) {
            slow[kind] = true;
        } else if (average < QUICK_NANOS) {
            slow[kind] = false;
        }
    }

    private static int kind(RequestSlot slot) {
        int kind = slot.type & 7;
        if (slot.has(Nbd.NBD_CMD_FLAG_FUA)) {
            kind |= FUA_KIND;
        }
        boolean moves = slot.type == Nbd.NBD_CMD_READ || slot.type == Nbd.NBD_CMD_WRITE;
        return moves && slot.length > BIG_BYTES ? kind | BIG_KIND : kind;
    }
}

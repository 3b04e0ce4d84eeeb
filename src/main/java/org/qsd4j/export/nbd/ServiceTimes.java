package org.qsd4j.export.nbd;

import java.util.concurrent.TimeUnit;
import org.qsd4j.nbd.wire.Nbd;

/**
 * How long the block layer has taken lately over requests of each kind, which decides who serves the next: the reader
 * itself, which costs nothing, or a worker, which costs a wake-up but leaves the reader free.
 *
 * <p>One in nine that is slow makes a kind slow. An average would not do: a thread that the scheduler has put aside in the
 * middle of a quick request looks slower than any disk, but that is rare. Nor does the time count that replies take, which
 * is the client's.
 *
 * <p>Reader and workers update the scores without a lock. A lost update does no harm.
 */
final class ServiceTimes {
    private static final long SLOW_NANOS = TimeUnit.MICROSECONDS.toNanos(150);

    /** What moves data may take longer, by a copy of as much that has to share the memory with others. */
    private static final int BYTES_PER_NANO = 2;

    private static final int BIG_BYTES = 64 << 10;
    private static final int FUA_KIND = 8;
    private static final int BIG_KIND = 16;
    private static final int KINDS = 32;

    private static final int SLOW_STEP = 32;
    private static final int QUICK_STEP = 4;
    private static final int MOST = 256;
    private static final int BECOMES_SLOW = 160;
    private static final int BECOMES_QUICK = 64;

    private final int[] scores = new int[KINDS];
    private final boolean[] slow = new boolean[KINDS];

    ServiceTimes() {
        // What waits for stable storage is taken to be slow until it has proved otherwise.
        for (int kind = 0; kind < KINDS; kind++) {
            slow[kind] = (kind & 7) == Nbd.NBD_CMD_FLUSH || (kind & FUA_KIND) != 0;
            scores[kind] = slow[kind] ? BECOMES_SLOW : 0;
        }
    }

    boolean isSlow(RequestSlot slot) {
        return slow[kind(slot)];
    }

    /** The request is done; how long the block layer took is in the slot. */
    void record(RequestSlot slot) {
        int kind = kind(slot);
        long moved = moves(slot) ? slot.length : 0;
        boolean wasSlow = slot.serviceNanos > SLOW_NANOS + moved / BYTES_PER_NANO;
        int score = scores[kind] + (wasSlow ? SLOW_STEP : -QUICK_STEP);
        score = Math.max(0, Math.min(score, MOST));
        scores[kind] = score;
        if (score >= BECOMES_SLOW) {
            slow[kind] = true;
        } else if (score <= BECOMES_QUICK) {
            slow[kind] = false;
        }
    }

    private static int kind(RequestSlot slot) {
        int kind = slot.type & 7;
        if (slot.has(Nbd.NBD_CMD_FLAG_FUA)) {
            kind |= FUA_KIND;
        }
        return moves(slot) && slot.length > BIG_BYTES ? kind | BIG_KIND : kind;
    }

    private static boolean moves(RequestSlot slot) {
        return slot.type == Nbd.NBD_CMD_READ || slot.type == Nbd.NBD_CMD_WRITE;
    }
}

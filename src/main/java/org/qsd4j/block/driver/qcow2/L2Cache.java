package org.qsd4j.block.driver.qcow2;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;

/**
 * The L2 slices in memory: a set-associative table, so that a look-up is a hash and a few comparisons, without a lock.
 * Slices come and go under the image's metadata lock. Dirty ones are never evicted: they are the only copy.
 */
@ThreadSafe
final class L2Cache {
    private static final int WAYS = 8;

    private final AtomicReferenceArray<@Nullable L2Slice> slots;
    private final int setMask;

    /** Counts insertions; the measure of {@link L2Slice#lastUsed}. Written under the metadata lock. */
    private volatile int clock;

    /** Under the metadata lock. */
    private int dirtyCount;

    /** Room for at least {@code slices} slices. */
    L2Cache(int slices) {
        int sets = Integer.highestOneBit(Math.max(1, (slices + WAYS - 1) / WAYS) * 2 - 1);
        this.slots = new AtomicReferenceArray<>(sets * WAYS);
        this.setMask = sets - 1;
    }

    int capacity() {
        return slots.length();
    }

    @Nullable
    L2Slice lookUp(long number) {
        int first = firstSlot(number);
        for (int i = first; i < first + WAYS; i++) {
            L2Slice slice = slots.get(i);
            if (slice != null && slice.number == number) {
                int now = clock;
                if (slice.lastUsed != now) {
                    slice.lastUsed = now;
                }
                return slice;
            }
        }
        return null;
    }

    private int firstSlot(long number) {
        long hash = number * 0x9e37_79b9_7f4a_7c15L;
        // Neighbours fall into different sets whatever the multiplication does to the upper bits.
        return ((int) (number ^ hash >>> 40 << 3) & setMask) * WAYS;
    }

    /** Under the metadata lock. False if every slice that could make room is dirty. */
    boolean insert(L2Slice slice) {
        int first = firstSlot(slice.number);
        int victim = -1;
        int oldest = -1;
        int now = clock + 1;
        for (int i = first; i < first + WAYS; i++) {
            L2Slice held = slots.get(i);
            if (held == null) {
                victim = i;
                break;
            }
            int age = now - held.lastUsed;
            if (!held.dirty && !held.writing && age > oldest) {
                victim = i;
                oldest = age;
            }
        }
        if (victim < 0) {
            return false;
        }
        slice.lastUsed = now;
        clock = now;
        slots.set(victim, slice);
        return true;
    }

    /** Forgets all slices, none of which is dirty. Under the metadata lock. */
    void clear() {
        for (int i = 0; i < slots.length(); i++) {
            slots.set(i, null);
        }
    }

    /** Under the metadata lock. */
    void markDirty(L2Slice slice) {
        if (!slice.dirty) {
            slice.dirty = true;
            dirtyCount++;
        }
    }

    /** Under the metadata lock. */
    void markClean(L2Slice slice) {
        if (slice.dirty) {
            slice.dirty = false;
            dirtyCount--;
        }
    }

    /** Under the metadata lock. */
    int dirtyCount() {
        return dirtyCount;
    }

    /** The slice in a slot below {@link #capacity}, for walks over all of them. */
    @Nullable
    L2Slice at(int slot) {
        return slots.get(slot);
    }
}

package org.qsd4j.qom;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Names in the slots that GLib's hash table would give them: QEMU lists an object's properties by walking such a table
 * from its end, so that the order depends on the names and on all that was inserted and removed before.
 */
final class GlibHashSet {
    private static final int SMALLEST_SHIFT = 3;
    private static final int SPREAD = 11;
    private static final double ROOM = 1.333;

    /** For each power of two, the prime that hashes are divided by: the largest one below it. */
    private static final int[] PRIMES = {
        1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521, 131071, 262139, 524287,
        1048573, 2097143, 4194301, 8388593, 16777213, 33554393, 67108859, 134217689, 268435399
    };

    /** What is left of a removed name, by identity. */
    private static final String TOMBSTONE = new String("tombstone");

    private @Nullable String[] slots = new String[1 << SMALLEST_SHIFT];
    private int shift = SMALLEST_SHIFT;
    private int count;
    private int occupied;

    /** @param name not in the set */
    void insert(String name) {
        int at = slotFor(name);
        if (slots[at] == null) {
            occupied++;
        }
        slots[at] = name;
        count++;
        resizeIfNeeded();
    }

    /** @param name in the set */
    void remove(String name) {
        int at = first(name);
        for (int step = 1; !name.equals(slots[at]); step++) {
            at = (at + step) & (slots.length - 1);
        }
        slots[at] = TOMBSTONE;
        count--;
        resizeIfNeeded();
    }

    /** The names from the last slot to the first. */
    List<String> namesFromTheEnd() {
        List<String> names = new ArrayList<>();
        for (int i = slots.length - 1; i >= 0; i--) {
            String name = slots[i];
            if (isName(name)) {
                names.add(name);
            }
        }
        return names;
    }

    @SuppressWarnings({"ReferenceEquality", "StringEquality"})
    private static boolean isName(@Nullable String slot) {
        return slot != null && slot != TOMBSTONE;
    }

    /** The first tombstone on the way to the free slot, or that slot. */
    private int slotFor(String name) {
        int tombstone = -1;
        int at = first(name);
        for (int step = 1; slots[at] != null; step++) {
            if (tombstone < 0 && !isName(slots[at])) {
                tombstone = at;
            }
            at = (at + step) & (slots.length - 1);
        }
        return tombstone < 0 ? at : tombstone;
    }

    private void resizeIfNeeded() {
        int size = slots.length;
        boolean tooBig = size > count * 4 && size > 1 << SMALLEST_SHIFT;
        boolean tooSmall = size <= occupied + occupied / 16;
        if ((tooBig || tooSmall) && count < 1 << (PRIMES.length - 2)) {
            resize(Math.max(SMALLEST_SHIFT, Integer.SIZE - Integer.numberOfLeadingZeros((int) (count * ROOM))));
        }
    }

    /** In place: a name that is in the way of another one's new slot is the next to find its own. */
    private void resize(int newShift) {
        int oldSize = slots.length;
        int newSize = 1 << newShift;
        shift = newShift;
        slots = Arrays.copyOf(slots, Math.max(oldSize, newSize));
        boolean[] settled = new boolean[slots.length];
        for (int i = 0; i < oldSize; i++) {
            if (!settled[i]) {
                String name = slots[i];
                slots[i] = null;
                while (isName(name)) {
                    name = settle(name, settled, newSize - 1);
                }
            }
        }
        slots = Arrays.copyOf(slots, newSize);
        occupied = count;
    }

    /** Puts the name into its new slot and returns what was there. */
    private @Nullable String settle(@Nullable String name, boolean[] settled, int mask) {
        int at = first(String.valueOf(name));
        for (int step = 1; settled[at]; step++) {
            at = (at + step) & mask;
        }
        settled[at] = true;
        String displaced = slots[at];
        slots[at] = name;
        return displaced;
    }

    private int first(String name) {
        return Integer.remainderUnsigned(hash(name) * SPREAD, PRIMES[shift]);
    }

    private static int hash(String name) {
        int hash = 5381;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = hash * 33 + b;
        }
        return Integer.compareUnsigned(hash, 2) < 0 ? 2 : hash;
    }
}

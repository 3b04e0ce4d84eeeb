package org.qsd4j.qom;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The order in which GLib's hash table hands out its keys, and so QEMU lists properties: that of its slots, which depend
 * on the keys' hashes, on the table's size and on the order of insertion.
 */
final class GlibHashOrder {
    private static final int SMALLEST_SHIFT = 3;
    private static final int SPREAD = 11;
    private static final int[] PRIMES = {
        1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521, 131071, 262139, 524287
    };

    private @Nullable String[] slots = new String[1 << SMALLEST_SHIFT];
    private int shift = SMALLEST_SHIFT;
    private int count;

    private GlibHashOrder() {}

    /** The keys, given in the order of their insertion, in the order of their slots. */
    static List<String> sort(Collection<String> keys) {
        GlibHashOrder table = new GlibHashOrder();
        keys.forEach(table::insert);
        List<String> sorted = new ArrayList<>();
        for (String key : table.slots) {
            if (key != null) {
                sorted.add(key);
            }
        }
        return sorted;
    }

    private void insert(String key) {
        place(key);
        count++;
        if (slots.length <= count + count / 16 && shift + 1 < PRIMES.length) {
            grow();
        }
    }

    private void place(String key) {
        int at = Integer.remainderUnsigned(hash(key) * SPREAD, PRIMES[shift]);
        for (int step = 1; slots[at] != null; step++) {
            at = (at + step) & (slots.length - 1);
        }
        slots[at] = key;
    }

    private void grow() {
        @Nullable String[] old = slots;
        int wanted = (int) (count * 1.333);
        shift = Math.max(SMALLEST_SHIFT, Integer.SIZE - Integer.numberOfLeadingZeros(wanted));
        slots = new String[1 << shift];
        for (String key : old) {
            if (key != null) {
                place(key);
            }
        }
    }

    private static int hash(String key) {
        int hash = 5381;
        for (byte b : key.getBytes(StandardCharsets.UTF_8)) {
            hash = hash * 33 + b;
        }
        return Integer.compareUnsigned(hash, 2) < 0 ? 2 : hash;
    }
}

package org.qsd4j.qapi;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The order in which QEMU writes the members of an object: that of its hash table, which has 512 buckets and puts a new
 * entry before the older ones of its bucket. Clients compare raw text, so the order is part of the interface.
 */
final class QDictOrder {
    private static final int BUCKETS = 512;
    private static final int SEED = 0x238f13af;
    private static final int MULTIPLIER = 1103515243;
    private static final int INCREMENT = 12345;
    private static final int SHIFT_STEP = 5;
    private static final int SHIFT_LIMIT = 24;

    private QDictOrder() {}

    /** Sorts entries that come in the order of their insertion. */
    static <T> void sort(Map.Entry<String, T>[] entries) {
        int[] buckets = new int[entries.length];
        for (int i = 0; i < entries.length; i++) {
            Map.Entry<String, T> entry = entries[i];
            int bucket = bucket(entry.getKey());
            int at = i;
            // Objects are small: insertion sort, and an equal bucket moves the newer entry to the front.
            while (at > 0 && buckets[at - 1] >= bucket) {
                buckets[at] = buckets[at - 1];
                entries[at] = entries[at - 1];
                at--;
            }
            buckets[at] = bucket;
            entries[at] = entry;
        }
    }

    static int bucket(String key) {
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        int value = SEED * bytes.length;
        for (int i = 0; i < bytes.length; i++) {
            value += Byte.toUnsignedInt(bytes[i]) << (i * SHIFT_STEP % SHIFT_LIMIT);
        }
        return Integer.remainderUnsigned(MULTIPLIER * value + INCREMENT, BUCKETS);
    }
}

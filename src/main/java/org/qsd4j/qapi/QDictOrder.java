package org.qsd4j.qapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.qsd4j.aio.ThreadSafe;

/**
 * The order in which QEMU writes the members of an object: that of its hash table, which has 512 buckets and puts a new
 * entry before the older ones of its bucket. Clients compare raw text, so the order is part of the interface.
 */
@ThreadSafe
public final class QDictOrder {
    private static final int BUCKETS = 512;
    private static final int SEED = 0x238f13af;
    private static final int MULTIPLIER = 1103515243;
    private static final int INCREMENT = 12345;
    private static final int SHIFT_STEP = 5;
    private static final int SHIFT_LIMIT = 24;

    private QDictOrder() {}

    /** The names of the object's members in that order. */
    public static String[] keys(ObjectNode object) {
        String[] keys = new String[object.size()];
        int count = 0;
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            keys[count++] = member.getKey();
        }
        int[] order = order(keys);
        String[] sorted = new String[count];
        for (int i = 0; i < count; i++) {
            sorted[i] = keys[order[i]];
        }
        return sorted;
    }

    /** Sorts entries that come in the order of their insertion. */
    static <T> void sort(Map.Entry<String, T>[] entries) {
        String[] keys = new String[entries.length];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = entries[i].getKey();
        }
        int[] order = order(keys);
        Map.Entry<String, T>[] unsorted = entries.clone();
        for (int i = 0; i < entries.length; i++) {
            entries[i] = unsorted[order[i]];
        }
    }

    /** By bucket; in one bucket the last inserted first. A client may send an object of any size, so n log n. */
    private static int[] order(String[] keys) {
        long[] ranks = new long[keys.length];
        for (int i = 0; i < keys.length; i++) {
            ranks[i] = (long) bucket(keys[i]) << Integer.SIZE | (Integer.MAX_VALUE - i);
        }
        Arrays.sort(ranks);
        int[] order = new int[keys.length];
        for (int i = 0; i < order.length; i++) {
            order[i] = Integer.MAX_VALUE - (int) ranks[i];
        }
        return order;
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

package org.qsd4j.block.driver.qcow2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.qsd4j.aio.ThreadSafe;

/**
 * The host clusters that hold metadata, with the class of each: a hash set that is asked without a lock before every
 * write of guest data. Changes happen under the image's metadata lock.
 */
@ThreadSafe
final class MetadataClusters {
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);

    /** Below the cluster number a slot holds the class as a bit's number; a free slot is 0. */
    private static final int CLASS_BITS = 4;

    private volatile long[] slots = new long[64];
    private int used;

    /** {@code overlapClass} is one bit of {@link OverlapCheck}. */
    void add(long hostCluster, int overlapClass) {
        if (2 * (used + 1) > slots.length) {
            grow();
        }
        if (insert(slots, pack(hostCluster, overlapClass))) {
            used++;
        }
    }

    void clear() {
        used = 0;
        slots = new long[64];
    }

    void addRange(long firstCluster, long count, int overlapClass) {
        for (long i = 0; i < count; i++) {
            add(firstCluster + i, overlapClass);
        }
    }

    /** A removed slot keeps its number with no class, so that searches go on behind it; the next growth drops it. */
    void remove(long hostCluster) {
        long[] table = slots;
        for (int i = index(table, hostCluster); table[i] != 0; i = (i + 1) & (table.length - 1)) {
            if (table[i] >>> CLASS_BITS == hostCluster) {
                SLOT.setRelease(table, i, hostCluster << CLASS_BITS);
            }
        }
    }

    /** The class of the cluster, one bit of {@link OverlapCheck}, or 0. */
    int classOf(long hostCluster) {
        long[] table = slots;
        int i = index(table, hostCluster);
        while (true) {
            long slot = (long) SLOT.getAcquire(table, i);
            if (slot == 0) {
                return 0;
            }
            if (slot >>> CLASS_BITS == hostCluster) {
                int bit = (int) slot & ((1 << CLASS_BITS) - 1);
                return bit == 0 ? 0 : 1 << (bit - 1);
            }
            i = (i + 1) & (table.length - 1);
        }
    }

    private static long pack(long hostCluster, int overlapClass) {
        return (hostCluster << CLASS_BITS) | (Integer.numberOfTrailingZeros(overlapClass) + 1);
    }

    private static boolean insert(long[] table, long packed) {
        long cluster = packed >>> CLASS_BITS;
        int i = index(table, cluster);
        while (table[i] != 0 && table[i] >>> CLASS_BITS != cluster) {
            i = (i + 1) & (table.length - 1);
        }
        boolean isNew = table[i] == 0;
        SLOT.setRelease(table, i, packed);
        return isNew;
    }

    private void grow() {
        long[] old = slots;
        long[] table = new long[old.length * 2];
        used = 0;
        for (long slot : old) {
            if ((slot & ((1 << CLASS_BITS) - 1)) != 0) {
                insert(table, slot);
                used++;
            }
        }
        slots = table;
    }

    private static int index(long[] table, long hostCluster) {
        return (int) ((hostCluster * 0x9e37_79b9_7f4a_7c15L) >>> 32) & (table.length - 1);
    }
}

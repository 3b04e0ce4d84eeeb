package org.qsd4j.block.driver.qcow2.format;

/**
 * An entry of an L1 table (specification: "Cluster mapping").
 *
 * <pre>
 *  0- 8  reserved
 *  9-55  offset of the L2 table in the image file, 0: no table, all its clusters are unallocated
 * 56-62  reserved
 *    63  COPIED: the L2 table's refcount is exactly one (accurate in the active L1 table only)
 * </pre>
 */
public final class L1Entry {
    private static final long OFFSET = 0x00ff_ffff_ffff_fe00L;
    private static final long COPIED = 1L << 63;
    private static final long RESERVED = 0x7f00_0000_0000_01ffL;

    private L1Entry() {}

    public static long of(long l2TableOffset, boolean copied) {
        return l2TableOffset | (copied ? COPIED : 0);
    }

    public static long l2TableOffset(long entry) {
        return entry & OFFSET;
    }

    public static boolean isCopied(long entry) {
        return (entry & COPIED) != 0;
    }

    public static boolean hasReservedBits(long entry) {
        return (entry & RESERVED) != 0;
    }
}

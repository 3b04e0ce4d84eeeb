package org.qsd4j.block.driver.qcow2.format;

/**
 * An entry of an L2 table, without the bitmap of extended ones (specification: "L2 table entry").
 *
 * <pre>
 *     0  ZERO: reads as zeroes, whatever the offset says (version 3, not with extended entries)
 *  1- 8  reserved
 *  9-55  offset of the cluster in the data file
 * 56-61  reserved
 *    62  COMPRESSED: bits 0-61 are a {@link CompressedDescriptor} instead
 *    63  COPIED: a standard cluster whose refcount is exactly one
 * </pre>
 */
public final class L2Entry {
    public static final long UNALLOCATED = 0;

    private static final long ZERO = 1;
    private static final long OFFSET = 0x00ff_ffff_ffff_fe00L;
    private static final long COMPRESSED = 1L << 62;
    private static final long COPIED = 1L << 63;
    private static final long RESERVED = 0x3f00_0000_0000_01feL;

    private L2Entry() {}

    /** A standard cluster that nothing else refers to. */
    public static long copied(long hostOffset) {
        return hostOffset | COPIED;
    }

    /** A cluster that reads as zeroes and has no place in the data file. */
    public static long zeroPlain() {
        return ZERO;
    }

    public static long withZero(long entry) {
        return entry | ZERO;
    }

    public static long compressed(long descriptor) {
        return descriptor | COMPRESSED;
    }

    public static long withCopied(long entry, boolean copied) {
        return copied ? entry | COPIED : entry & ~COPIED;
    }

    public static long hostOffset(long entry) {
        return entry & OFFSET;
    }

    public static boolean isZero(long entry) {
        return (entry & ZERO) != 0;
    }

    public static boolean isCompressed(long entry) {
        return (entry & COMPRESSED) != 0;
    }

    public static boolean isCopied(long entry) {
        return (entry & COPIED) != 0;
    }

    /** Of a standard cluster's entry. */
    public static boolean hasReservedBits(long entry) {
        return (entry & RESERVED) != 0;
    }
}

package org.qsd4j.block.driver.qcow2.format;

/**
 * The second word of an extended L2 entry (specification: "Extended L2 Entries").
 *
 * <pre>
 *  0-31  subcluster x is allocated
 * 32-63  subcluster x - 32 reads as zeroes
 * </pre>
 */
public final class SubclusterBitmap {
    /** Subclusters in a cluster. */
    public static final int COUNT = 32;

    public static final long ALL_ALLOCATED = 0xffff_ffffL;
    public static final long ALL_ZERO = 0xffff_ffffL << 32;

    private SubclusterBitmap() {}

    public static boolean isAllocated(long bitmap, int subcluster) {
        return (bitmap >>> subcluster & 1) != 0;
    }

    public static boolean isZero(long bitmap, int subcluster) {
        return (bitmap >>> (subcluster + COUNT) & 1) != 0;
    }

    /** A subcluster that is both allocated and zero: the entry is invalid. */
    public static boolean isInvalid(long bitmap) {
        return (bitmap & bitmap >>> COUNT & ALL_ALLOCATED) != 0;
    }

    public static boolean hasAllocated(long bitmap) {
        return (bitmap & ALL_ALLOCATED) != 0;
    }

    /** Marks subclusters {@code first} up to, not including, {@code end} as allocated. */
    public static long allocate(long bitmap, int first, int end) {
        long mask = mask(first, end);
        return (bitmap | mask) & ~(mask << COUNT);
    }

    /** Marks subclusters as reading zeroes. */
    public static long zero(long bitmap, int first, int end) {
        long mask = mask(first, end);
        return (bitmap | mask << COUNT) & ~mask;
    }

    /** How many subclusters from {@code first} on have the status of the first. */
    public static int runLength(long bitmap, int first) {
        boolean allocated = isAllocated(bitmap, first);
        boolean zero = isZero(bitmap, first);
        int end = first + 1;
        while (end < COUNT && isAllocated(bitmap, end) == allocated && isZero(bitmap, end) == zero) {
            end++;
        }
        return end - first;
    }

    private static long mask(int first, int end) {
        return (1L << end) - (1L << first);
    }
}

package org.qsd4j.block.driver.qcow2.format;

/**
 * An entry of the refcount table (specification: "Host cluster management").
 *
 * <pre>
 *  0- 8  reserved
 *  9-63  offset of the refcount block, 0: none, all its refcounts are 0
 * </pre>
 */
public final class RefcountTableEntry {
    private static final long OFFSET = -512L;

    private RefcountTableEntry() {}

    public static long blockOffset(long entry) {
        return entry & OFFSET;
    }

    public static boolean hasReservedBits(long entry) {
        return (entry & ~OFFSET) != 0;
    }
}

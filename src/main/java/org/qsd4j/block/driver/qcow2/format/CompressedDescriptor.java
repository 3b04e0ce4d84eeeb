package org.qsd4j.block.driver.qcow2.format;

/**
 * Where a compressed cluster lies (specification: "Compressed Clusters Descriptor"); x = 62 - (cluster_bits - 8).
 *
 * <pre>
 *  0-(x-1)  offset in the image file, to the byte
 *  x-61     additional 512-byte sectors, beyond the one that holds the offset
 * </pre>
 */
public final class CompressedDescriptor {
    private static final int SECTOR = 512;
    private static final int DESCRIPTOR_BITS = 62;

    private CompressedDescriptor() {}

    private static int offsetBits(int clusterBits) {
        return DESCRIPTOR_BITS - (clusterBits - 8);
    }

    public static long hostOffset(long entry, int clusterBits) {
        return entry & ((1L << offsetBits(clusterBits)) - 1);
    }

    /** From the offset to the end of the last sector: what the compressed data may occupy, at most. */
    public static int bytes(long entry, int clusterBits) {
        int bits = offsetBits(clusterBits);
        long sectors = (entry >>> bits & ((1L << (DESCRIPTOR_BITS - bits)) - 1)) + 1;
        return (int) (sectors * SECTOR - (hostOffset(entry, clusterBits) & (SECTOR - 1)));
    }

    /** The descriptor of {@code bytes} bytes of compressed data at {@code hostOffset}. */
    public static long of(long hostOffset, int bytes, int clusterBits) {
        long sectors = (hostOffset + bytes - 1) / SECTOR - hostOffset / SECTOR;
        return hostOffset | sectors << offsetBits(clusterBits);
    }

    /** The highest offset, exclusive, that the field holds. */
    public static long offsetLimit(int clusterBits) {
        return 1L << Math.min(offsetBits(clusterBits), 56);
    }
}

package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.Immutable;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.block.driver.qcow2.format.SubclusterBitmap;

/**
 * The arithmetic of an image: clusters, subclusters, L2 tables and the slices in which they are cached. Sizes in bytes
 * unless the name says otherwise. A slice is numbered from the start of the guest's disk.
 */
@Immutable
final class ClusterGeometry {
    final int clusterBits;
    final int clusterSize;
    final boolean extendedL2;
    final int refcountOrder;

    /** Granularity of allocation: the cluster, or with extended L2 entries a 32nd of it. */
    final int subclusterSize;

    final int subclusterBits;

    /** 8-byte words an L2 entry: 1 or 2. */
    final int entryWords;

    /** log2 of the clusters that an L2 table maps. */
    final int l2Bits;

    /** log2 of the bytes of guest disk that an L2 table maps. */
    final int l1EntryBits;

    /** log2 of the bytes of an L2 slice. */
    final int sliceByteBits;

    /** log2 of the clusters that a slice maps. */
    final int sliceBits;

    /** log2 of the refcounts in a refcount block. */
    final int refcountBlockBits;

    private ClusterGeometry(int clusterBits, boolean extendedL2, int refcountOrder, int sliceByteBits) {
        int entryBits = extendedL2 ? 4 : 3;
        this.clusterBits = clusterBits;
        this.clusterSize = 1 << clusterBits;
        this.extendedL2 = extendedL2;
        this.refcountOrder = refcountOrder;
        this.subclusterBits = extendedL2 ? clusterBits - 5 : clusterBits;
        this.subclusterSize = 1 << subclusterBits;
        this.entryWords = extendedL2 ? 2 : 1;
        this.l2Bits = clusterBits - entryBits;
        this.l1EntryBits = clusterBits + l2Bits;
        this.sliceByteBits = Math.min(sliceByteBits, clusterBits);
        this.sliceBits = this.sliceByteBits - entryBits;
        this.refcountBlockBits = clusterBits + 3 - refcountOrder;
    }

    /** With slices of 4 KiB: small enough to write back after one change, large enough for one read to be worth it. */
    static ClusterGeometry of(Qcow2Header h) {
        return of(h, 12);
    }

    static ClusterGeometry of(Qcow2Header h, int sliceByteBits) {
        return new ClusterGeometry((int) h.clusterBits(), h.hasExtendedL2(), (int) h.refcountOrder(), sliceByteBits);
    }

    /** Entries of an L1 table for a disk of {@code bytes}, or a negative number for sizes that overflow. */
    long l1EntriesFor(long bytes) {
        long entryBytes = 1L << l1EntryBits;
        return bytes < 0 || bytes > Long.MAX_VALUE - entryBytes ? -1 : (bytes + entryBytes - 1) >>> l1EntryBits;
    }

    int offsetInCluster(long offset) {
        return (int) offset & (clusterSize - 1);
    }

    long clusterStart(long offset) {
        return offset & -(long) clusterSize;
    }

    long clusterEnd(long offset) {
        return clusterStart(offset) + clusterSize;
    }

    boolean isClusterAligned(long offset) {
        return offsetInCluster(offset) == 0;
    }

    int subclusterOf(long guestOffset) {
        return offsetInCluster(guestOffset) >> subclusterBits & (SubclusterBitmap.COUNT - 1);
    }

    long clustersFor(long bytes) {
        return (bytes + clusterSize - 1) >>> clusterBits;
    }

    int l1Index(long guestOffset) {
        return (int) (guestOffset >>> l1EntryBits);
    }

    long sliceOf(long guestOffset) {
        return guestOffset >>> (clusterBits + sliceBits);
    }

    /** The entry of {@code guestOffset}'s cluster inside its slice. */
    int indexInSlice(long guestOffset) {
        return (int) (guestOffset >>> clusterBits) & ((1 << sliceBits) - 1);
    }

    int entriesInSlice() {
        return 1 << sliceBits;
    }

    int sliceWords() {
        return 1 << (sliceByteBits - 3);
    }

    int slicesInTable() {
        return 1 << (clusterBits - sliceByteBits);
    }

    /** The L1 index of the table that a slice belongs to. */
    int l1IndexOfSlice(long slice) {
        return (int) (slice >>> (l2Bits - sliceBits));
    }

    /** Where in its table a slice starts. */
    int sliceByteOffset(long slice) {
        return ((int) slice & (slicesInTable() - 1)) << sliceByteBits;
    }
}

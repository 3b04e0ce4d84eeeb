package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.IoThreadConfined;

/** The answer of {@link ClusterMapper}: what a run of guest bytes is. Reused by its owner. */
@IoThreadConfined
final class Mapping {
    /** Decided by the backing file, or zeroes without one. */
    static final int UNALLOCATED = 0;

    /** Zeroes; no place in the data file. */
    static final int ZERO_PLAIN = 1;

    /** Zeroes; the place at {@link #hostOffset} is kept for later. */
    static final int ZERO_ALLOCATED = 2;

    /** Data at {@link #hostOffset}, contiguous for all of {@link #bytes}. */
    static final int DATA = 3;

    /** Part of the compressed cluster that {@link #entry} describes. */
    static final int COMPRESSED = 4;

    /** Extended entries: unallocated subclusters of a cluster that has its place at {@link #hostOffset}. */
    static final int UNALLOCATED_PLACED = 5;

    /** An entry that the format doesn't allow. */
    static final int INVALID = 6;

    /** One of the constants above. */
    int type;

    /** From the asked offset on; at most as many as were asked for. */
    long bytes;

    /** Host offset of the asked guest offset, in the data file. */
    long hostOffset;

    /** Writes may go to the host cluster as it is. True or false of the whole run. */
    boolean copied;

    /** The first cluster's L2 entry. */
    long entry;

    /** The first cluster's subcluster bitmap, with extended entries. */
    long bitmap;

    /** {@code bytes} as far as an int goes. */
    int intBytes() {
        return (int) Math.min(bytes, Integer.MAX_VALUE);
    }

    boolean readsAsZeroes() {
        return type == ZERO_PLAIN || type == ZERO_ALLOCATED;
    }
}

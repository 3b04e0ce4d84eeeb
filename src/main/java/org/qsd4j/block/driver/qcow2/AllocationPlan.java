package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.IoThreadConfined;

/**
 * One step of an allocating write: a run of guest clusters and what happens to it. The bytes [writeStart, writeEnd) come
 * from the guest, [fillStart, writeStart) and [writeEnd, fillEnd) are copied from what the guest sees there now. Guest
 * offsets. Reused by its owner.
 */
@IoThreadConfined
final class AllocationPlan {
    long writeStart;
    long writeEnd;
    long fillStart;
    long fillEnd;

    /** Host offset of the first cluster's start, in the data file. */
    long hostOffset;

    /** The run's clusters are new; otherwise they are the guest's already, and only become visible. */
    boolean newClusters;

    /** The host clusters have never been written, and read as zeroes. */
    boolean virgin;

    /** Extended entries: the first cluster's subclusters outside the fill keep their status. */
    boolean keepsSubclusters;

    int bytes() {
        return (int) (writeEnd - writeStart);
    }
}

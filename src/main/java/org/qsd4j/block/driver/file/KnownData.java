package org.qsd4j.block.driver.file;

import org.qsd4j.aio.ThreadSafe;

/**
 * The extent of data that was found last, so that a client who walks through it piece by piece doesn't have the file
 * system walk through all of it again each time. Data turns into a hole only here; somebody else who punches holes
 * into the image meanwhile goes unnoticed, which makes the answer too careful, not wrong. QEMU: {@code
 * BdrvBlockStatusCache}.
 */
@ThreadSafe
final class KnownData {
    private long start;
    private long end;

    /** Counts {@link #forget}, so that an answer of the file system from before one is not remembered after it. */
    private int changes;

    /** Where the data around {@code offset} end; 0 if that isn't known. */
    synchronized long endOf(long offset) {
        return offset >= start && offset < end ? end : 0;
    }

    synchronized int changes() {
        return changes;
    }

    /** @param seenChanges what {@link #changes} was before the file system was asked */
    synchronized void remember(long from, long to, int seenChanges) {
        if (changes == seenChanges) {
            start = from;
            end = to;
        }
    }

    /** After something that may have made a hole. */
    synchronized void forget(long from, long to) {
        changes++;
        if (from < end && to > start) {
            end = 0;
            start = 0;
        }
    }
}

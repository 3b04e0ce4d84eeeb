package org.qsd4j.block.driver.qcow2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.qsd4j.aio.ThreadSafe;

/**
 * The active L1 table in memory. Reads take no lock; changes happen under the image's metadata lock, which also guards the
 * marks of what has to be written back.
 */
@ThreadSafe
final class L1Table {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] entries;

    /** Where the table stands in the image file. Under the metadata lock. */
    final long hostOffset;

    /** The range of entries that differ from the file's, empty if from >= end. Under the metadata lock. */
    int dirtyFrom = Integer.MAX_VALUE;

    int dirtyEnd;

    L1Table(long[] entries, long hostOffset) {
        this.entries = entries;
        this.hostOffset = hostOffset;
    }

    int size() {
        return entries.length;
    }

    /** The entry, or 0 (unallocated) behind the table's end. */
    long get(int index) {
        return index < entries.length ? (long) WORD.getAcquire(entries, index) : 0;
    }

    /** Under the metadata lock. */
    void set(int index, long entry) {
        WORD.setRelease(entries, index, entry);
        dirtyFrom = Math.min(dirtyFrom, index);
        dirtyEnd = Math.max(dirtyEnd, index + 1);
    }

    boolean isDirty() {
        return dirtyFrom < dirtyEnd;
    }

    void markClean() {
        dirtyFrom = Integer.MAX_VALUE;
        dirtyEnd = 0;
    }

    /** After a failed write: the range differs from the file's again. */
    void markDirty(int from, int end) {
        dirtyFrom = Math.min(dirtyFrom, from);
        dirtyEnd = Math.max(dirtyEnd, end);
    }

    /** A copy of the entries, {@code size} of them, zeroes behind the old end. */
    long[] copy(int size) {
        long[] copy = new long[size];
        System.arraycopy(entries, 0, copy, 0, Math.min(size, entries.length));
        return copy;
    }
}

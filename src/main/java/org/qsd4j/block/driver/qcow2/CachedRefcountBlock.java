package org.qsd4j.block.driver.qcow2;

/** A refcount block in memory, as its bytes in the file. Under the image's metadata lock. */
final class CachedRefcountBlock {
    /** Index in the refcount table. */
    final int index;

    /** Its place in the image file; changes when an edition of the tables is made. */
    long hostOffset;

    final byte[] bytes;

    /** The range of bytes that differ from the file's, empty if from >= end. */
    int dirtyFrom = Integer.MAX_VALUE;

    int dirtyEnd;

    /** Never written so far. */
    boolean isNew;

    /** Used since the cache last looked for a victim. */
    boolean used;

    CachedRefcountBlock(int index, long hostOffset, int size) {
        this.index = index;
        this.hostOffset = hostOffset;
        this.bytes = new byte[size];
    }

    void markDirty(int from, int end) {
        dirtyFrom = Math.min(dirtyFrom, from);
        dirtyEnd = Math.max(dirtyEnd, end);
    }

    boolean isDirty() {
        return dirtyFrom < dirtyEnd;
    }

    void markClean() {
        dirtyFrom = Integer.MAX_VALUE;
        dirtyEnd = 0;
        isNew = false;
    }
}

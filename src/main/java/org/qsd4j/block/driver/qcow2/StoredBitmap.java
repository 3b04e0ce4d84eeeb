package org.qsd4j.block.driver.qcow2;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.DirtyBitmap;

/** A bitmap of the image as the block layer sees it. */
@ThreadSafe
final class StoredBitmap extends DirtyBitmap {
    private final @Nullable TrackedBitmap bits;

    /** @param bits null for one that has missed writes */
    StoredBitmap(BitmapDirectory.Entry entry, @Nullable TrackedBitmap bits) {
        super(entry.name(), (entry.flags() & BitmapDirectory.FLAG_AUTO) != 0, bits == null);
        this.bits = bits;
    }

    @Override
    public boolean isDirty(long offset) {
        return bits == null || bits.isDirty(offset);
    }

    @Override
    public long runLength(long offset, long bytes) {
        return bits == null ? bytes : bits.runLength(offset, bytes);
    }
}

package org.qsd4j.block.driver.qcow2;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.driver.qcow2.format.L1Entry;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.NativeBuffer;

/**
 * Brings L2 slices into the cache. Loads of one slice go one after another, under a lock of its stripe and outside the
 * metadata lock, so that a slow read of one table holds nobody else up: what a load has read can't have been changed and
 * evicted meanwhile, since changing it takes loading it.
 */
@ThreadSafe
final class SliceLoader {
    private static final int STRIPES = 16;

    private final Qcow2Image image;
    private final Object[] stripes = new Object[STRIPES];

    SliceLoader(Qcow2Image image) {
        this.image = image;
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new Object();
        }
    }

    /**
     * The slice, from the cache or the file; null if its table doesn't exist or can't be read, see {@code scratch.error}.
     * If no place in the cache is free, the slice is good for reading entries but not for changing them.
     */
    @Nullable
    L2Slice load(long number, RequestScratch scratch) {
        scratch.error = 0;
        synchronized (stripes[(int) number & (STRIPES - 1)]) {
            while (true) {
                L2Slice cached = image.l2Cache().lookUp(number);
                if (cached != null) {
                    return cached;
                }
                int l1Index = image.geometry.l1IndexOfSlice(number);
                long l1Entry = image.l1().get(l1Index);
                long table = L1Entry.l2TableOffset(l1Entry);
                if (table == 0) {
                    return null;
                }
                L2Slice slice = read(number, table, l1Index, scratch);
                if (slice == null || publish(slice, l1Index, table)) {
                    return slice;
                }
            }
        }
    }

    private @Nullable L2Slice read(long number, long table, int l1Index, RequestScratch scratch) {
        ClusterGeometry geometry = image.geometry;
        if (!geometry.isClusterAligned(table)) {
            scratch.error = image.corruption.signal(
                    true,
                    -1,
                    -1,
                    "L2 table offset %s unaligned (L1 index: %s)",
                    Corruption.hex(table),
                    Corruption.hex(l1Index));
            return null;
        }
        long hostOffset = table + geometry.sliceByteOffset(number);
        NativeBuffer buffer = scratch.slice();
        image.file.debugEvent(BlkdebugEvent.L2_LOAD);
        scratch.error = TableIo.read(image.file, hostOffset, buffer, 0, 1 << geometry.sliceByteBits);
        if (scratch.error < 0) {
            return null;
        }
        L2Slice slice = new L2Slice(number, hostOffset, geometry.sliceWords());
        for (int i = 0; i < slice.wordCount(); i++) {
            slice.setWord(i, buffer.getLongBE(i * Long.BYTES));
        }
        return slice;
    }

    /** False if the table has moved since it was read. */
    private boolean publish(L2Slice slice, int l1Index, long table) {
        image.metadataLock.lock();
        try {
            if (L1Entry.l2TableOffset(image.l1().get(l1Index)) != table) {
                return false;
            }
            image.l2Cache().insert(slice);
            return true;
        } finally {
            image.metadataLock.unlock();
        }
    }
}

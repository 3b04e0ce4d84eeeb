package org.qsd4j.block.driver.qcow2;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.driver.qcow2.format.L1Entry;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** Makes L2 tables ready to be changed: existing, ours alone, their slice in the cache. */
@ThreadSafe
final class L2Tables {
    private static final int ATTEMPTS = 100;

    private final Qcow2Image image;
    private final ClusterGeometry geometry;

    L2Tables(Qcow2Image image) {
        this.image = image;
        this.geometry = image.geometry;
    }

    /**
     * Takes the metadata lock and returns the slice of {@code guestOffset}, which may be changed while the lock is held.
     * On failure returns null without the lock, and {@code scratch.error} says why.
     */
    @SuppressWarnings("LockNotBeforeTry") // the caller unlocks
    @Nullable
    L2Slice lockForChange(long guestOffset, RequestScratch scratch) {
        long number = geometry.sliceOf(guestOffset);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            image.metadataLock.lock();
            int result = ensureTable(geometry.l1Index(guestOffset));
            L2Slice slice = result == 0 ? image.l2Cache().lookUp(number) : null;
            if (slice != null) {
                return slice;
            }
            image.metadataLock.unlock();
            if (result < 0) {
                scratch.error = result;
                return null;
            }
            L2Slice loaded = image.sliceLoader().load(number, scratch);
            if (loaded == null && scratch.error < 0) {
                return null;
            }
            if (loaded != null && image.l2Cache().lookUp(number) != loaded) {
                // Every place in the cache that it could take holds a changed slice.
                scratch.error = image.writeback().flush();
                if (scratch.error < 0) {
                    return null;
                }
            }
        }
        scratch.error = -Errno.EIO;
        return null;
    }

    /** Under the metadata lock. */
    private int ensureTable(int l1Index) {
        L1Table l1 = image.l1();
        if (l1Index >= l1.size()) {
            return -Errno.EIO;
        }
        long entry = l1.get(l1Index);
        long oldOffset = L1Entry.l2TableOffset(entry);
        if (oldOffset != 0 && L1Entry.isCopied(entry)) {
            return 0;
        }
        if (!geometry.isClusterAligned(oldOffset)) {
            return image.corruption.signal(
                    true,
                    -1,
                    -1,
                    "L2 table offset %s unaligned (L1 index: %s)",
                    Corruption.hex(oldOffset),
                    Corruption.hex(l1Index));
        }
        ClusterAllocator allocator = image.allocator();
        long newOffset = allocator.allocateTable("L2 table");
        if (newOffset < 0) {
            return (int) newOffset;
        }
        int result = oldOffset == 0 ? writeEmpty(newOffset) : copy(oldOffset, newOffset);
        if (result < 0) {
            allocator.giveBack(newOffset, 1);
            return result;
        }
        publish(l1, l1Index, oldOffset, newOffset);
        return 0;
    }

    /** Even if the file ends before: a table behind its end counts as damage. */
    private int writeEmpty(long newOffset) {
        NativeBuffer zeroes = NativeBuffer.allocate(geometry.clusterSize);
        image.file.debugEvent(BlkdebugEvent.L2_ALLOC_WRITE);
        return image.file.write(newOffset, zeroes, 0, geometry.clusterSize, 0);
    }

    /** The old table is another's too, so what the cache has of it is what the file has. */
    private int copy(long oldOffset, long newOffset) {
        NativeBuffer table = NativeBuffer.allocate(geometry.clusterSize);
        image.file.debugEvent(BlkdebugEvent.L2_ALLOC_COW_READ);
        int result = TableIo.read(image.file, oldOffset, table, 0, geometry.clusterSize);
        if (result < 0) {
            return result;
        }
        image.file.debugEvent(BlkdebugEvent.L2_ALLOC_WRITE);
        return image.file.write(newOffset, table, 0, geometry.clusterSize, 0);
    }

    private void publish(L1Table l1, int l1Index, long oldOffset, long newOffset) {
        MetadataClusters metadata = image.metadataClusters();
        metadata.add(newOffset >>> geometry.clusterBits, OverlapCheck.ACTIVE_L2);
        long firstSlice = (long) l1Index * geometry.slicesInTable();
        for (int i = 0; i < geometry.slicesInTable(); i++) {
            L2Slice slice = image.l2Cache().lookUp(firstSlice + i);
            if (slice != null) {
                slice.hostOffset = newOffset + geometry.sliceByteOffset(slice.number);
            }
        }
        l1.set(l1Index, L1Entry.of(newOffset, true));
        if (oldOffset != 0) {
            metadata.remove(oldOffset >>> geometry.clusterBits);
            image.release().free(oldOffset, 1, false);
        }
    }
}

package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.block.driver.qcow2.format.L2Entry;
import org.qsd4j.block.driver.qcow2.format.SubclusterBitmap;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * Makes ranges read as zeroes, and discards them: changes of L2 entries, without I/O on the data where possible. Callers
 * are inside the image's {@link GracePeriod}.
 */
@ThreadSafe
final class ZeroClusters {
    private static final int ZERO_CHUNK = 64 << 10;

    /** What a change is for. */
    private enum Purpose {
        ZERO,
        DISCARD,
        /** The disk ends before: nothing stays, not even zeroes. */
        DROP
    }

    private final Qcow2Image image;
    private final ClusterGeometry geometry;
    private final ClusterMapper mapper;
    private final CopyOnWrite copyOnWrite;
    private final Qcow2Writer writer;

    ZeroClusters(Qcow2Image image, ClusterMapper mapper, CopyOnWrite copyOnWrite, Qcow2Writer writer) {
        this.image = image;
        this.geometry = image.geometry;
        this.mapper = mapper;
        this.copyOnWrite = copyOnWrite;
        this.writer = writer;
    }

    /** See {@link org.qsd4j.block.BlockNode#writeZeroes}; ENOTSUP only with NO_FALLBACK. */
    int writeZeroes(long guestOffset, long bytes, int flags) {
        if (image.zeroesDataFile) {
            int result = image.data.writeZeroes(guestOffset, bytes, flags & ~RequestFlags.FUA);
            if (result < 0) {
                return result;
            }
        }
        long end = guestOffset + bytes;
        int mask = geometry.subclusterSize - 1;
        long innerStart = (guestOffset + mask) & ~(long) mask;
        // The end of the disk ends a cluster as far as the guest can see.
        long innerEnd = end == image.diskLength() ? (end + mask) & ~(long) mask : end & ~(long) mask;
        if (innerStart > innerEnd) {
            return zeroPart(guestOffset, end, flags);
        }
        int result = guestOffset < innerStart ? zeroPart(guestOffset, Math.min(innerStart, end), flags) : 0;
        if (result == 0 && innerStart < innerEnd) {
            result = zeroWhole(innerStart, innerEnd, flags);
        }
        return result == 0 && innerEnd < end ? zeroPart(Math.max(innerEnd, guestOffset), end, flags) : result;
    }

    /** A part of one (sub)cluster. If the rest is zeroes already, all of it becomes so; otherwise zeroes are data. */
    private int zeroPart(long start, long end, int flags) {
        if (image.zeroesDataFile) {
            return 0;
        }
        long unitStart = start & -(long) geometry.subclusterSize;
        long unitEnd = unitStart + geometry.subclusterSize;
        long cluster = start >>> geometry.clusterBits;
        RequestScratch scratch = image.scratch();
        int pressure = image.relieve();
        if (pressure < 0) {
            return pressure;
        }
        image.claims().claim(cluster, cluster + 1);
        try {
            if (image.version >= 3
                    && copyOnWrite.readsAsZeroes(unitStart, start, scratch)
                    && copyOnWrite.readsAsZeroes(end, Math.min(unitEnd, image.diskLength()), scratch)
                    && isZeroable(start, scratch)) {
                return changeInSlice(unitStart, unitEnd, flags, Purpose.ZERO, scratch);
            }
        } finally {
            image.claims().release(cluster, cluster + 1);
        }
        return writeBuffers(start, end, flags, scratch);
    }

    /** Data has to be overwritten in part: its (sub)cluster may not lose the rest. */
    private boolean isZeroable(long guestOffset, RequestScratch scratch) {
        Mapping mapping = scratch.probing;
        if (mapper.map(guestOffset, 1, mapping) < 0) {
            return false;
        }
        return mapping.type != Mapping.DATA && mapping.type != Mapping.COMPRESSED && mapping.type != Mapping.INVALID;
    }

    private int writeBuffers(long start, long end, int flags, RequestScratch scratch) {
        if ((flags & RequestFlags.NO_FALLBACK) != 0) {
            return -Errno.ENOTSUP;
        }
        NativeBuffer zeroes = scratch.zeroes(ZERO_CHUNK);
        for (long at = start; at < end; at += ZERO_CHUNK) {
            int result = writer.write(at, zeroes, 0, (int) Math.min(ZERO_CHUNK, end - at));
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }

    /** Whole (sub)clusters; the end may lie behind the disk's. */
    private int zeroWhole(long start, long end, int flags) {
        if (image.version < 3) {
            return writeBuffers(start, Math.min(end, image.diskLength()), flags, image.scratch());
        }
        if (!geometry.extendedL2) {
            return change(start, end, flags, Purpose.ZERO);
        }
        // Subclusters outside whole clusters go on their own, since those of a compressed cluster can't be zeroed.
        long headEnd = Math.min(end, geometry.isClusterAligned(start) ? start : geometry.clusterEnd(start));
        long tailStart = Math.max(headEnd, geometry.clusterStart(end));
        int result = start < headEnd ? zeroSubclusters(start, headEnd, flags) : 0;
        if (result == 0 && headEnd < tailStart) {
            result = change(headEnd, tailStart, flags, Purpose.ZERO);
        }
        return result == 0 && tailStart < end ? zeroSubclusters(tailStart, end, flags) : result;
    }

    private int zeroSubclusters(long start, long end, int flags) {
        int result = change(start, end, flags, Purpose.ZERO);
        return result == -Errno.ENOTSUP
                ? writeBuffers(start, Math.min(end, image.diskLength()), flags, image.scratch())
                : result;
    }

    /** Whole clusters inside the range lose their data; the rest of it stays as it is. */
    int discard(long guestOffset, long bytes) {
        if (image.version < 3 && image.backing() != null) {
            // Without zero clusters the backing file's old data would come to light.
            return 0;
        }
        long start = (guestOffset + geometry.clusterSize - 1) & -(long) geometry.clusterSize;
        long end = guestOffset + bytes;
        end = end == image.diskLength()
                ? geometry.clustersFor(end) << geometry.clusterBits
                : geometry.clusterStart(end);
        if (start >= end) {
            return 0;
        }
        if (image.zeroesDataFile) {
            // Our tables will say zeroes, and so must the file that is read without them.
            return writeZeroes(start, Math.min(end, image.diskLength()) - start, RequestFlags.MAY_UNMAP);
        }
        return change(start, end, RequestFlags.MAY_UNMAP, Purpose.DISCARD);
    }

    /** The disk now ends at or before {@code start}; what is mapped in the range is given up. */
    int drop(long start, long end) {
        return change(start, end, RequestFlags.MAY_UNMAP, Purpose.DROP);
    }

    private int change(long start, long end, int flags, Purpose purpose) {
        RequestScratch scratch = image.scratch();
        long sliceBytes = 1L << (geometry.clusterBits + geometry.sliceBits);
        for (long at = start; at < end; ) {
            boolean absent = purpose == Purpose.DROP && image.hasNoTable(at);
            long unit = absent ? 1L << geometry.l1EntryBits : sliceBytes;
            long stop = Math.min(end, (at & -unit) + unit);
            int result = absent ? 0 : image.relieve();
            if (result == 0 && !absent) {
                result = changeClaimed(at, stop, flags, purpose, scratch);
            }
            if (result < 0) {
                return result;
            }
            at = stop;
        }
        return 0;
    }

    private int changeClaimed(long start, long end, int flags, Purpose purpose, RequestScratch scratch) {
        long first = start >>> geometry.clusterBits;
        long stop = geometry.clustersFor(end);
        image.claims().claim(first, stop);
        try {
            return changeInSlice(start, end, flags, purpose, scratch);
        } finally {
            image.claims().release(first, stop);
        }
    }

    private int changeInSlice(long start, long end, int flags, Purpose purpose, RequestScratch scratch) {
        if (purpose != Purpose.ZERO
                && image.hasNoTable(start)
                && (purpose == Purpose.DROP || image.backing() == null)) {
            return 0;
        }
        L2Slice slice = image.l2Tables().lockForChange(start, scratch);
        if (slice == null) {
            return scratch.error;
        }
        try {
            for (long guest = geometry.clusterStart(start); guest < end; guest += geometry.clusterSize) {
                int result = changeCluster(slice, guest, start, end, flags, purpose, scratch);
                if (result < 0) {
                    return result;
                }
            }
            return 0;
        } finally {
            image.metadataLock.unlock();
        }
    }

    private int changeCluster(
            L2Slice slice, long guest, long start, long end, int flags, Purpose purpose, RequestScratch scratch) {
        Mapping old = scratch.probing;
        int result = mapper.map(guest, 1, old);
        if (result < 0) {
            return result;
        }
        boolean invalid = old.type == Mapping.INVALID;
        if (invalid && !(start <= guest && guest + geometry.clusterSize <= end)) {
            return InvalidEntry.onWrite(image, old, guest);
        }
        int index = geometry.indexInSlice(guest);
        long oldEntry = old.entry;
        boolean compressed = L2Entry.isCompressed(oldEntry);
        boolean drop = purpose == Purpose.DROP;
        boolean release =
                compressed || drop || ((flags & RequestFlags.MAY_UNMAP) != 0 && !image.options.discardNoUnref());
        // What an invalid entry refers to is not known to be its own: it is leaked at worst.
        boolean unmap = release || invalid;
        if (isPlainUnallocated(old) && (drop || (purpose == Purpose.DISCARD && image.backing() == null))) {
            return 0;
        }
        if (geometry.extendedL2) {
            int first = (int) ((Math.max(start, guest) - guest) >> geometry.subclusterBits);
            int stop = (int) ((Math.min(end, guest + geometry.clusterSize) - guest) >> geometry.subclusterBits);
            boolean whole = first == 0 && stop == SubclusterBitmap.COUNT;
            if (compressed && !whole) {
                return -Errno.ENOTSUP;
            }
            unmap &= whole;
            release &= whole;
            long bitmap = drop ? 0 : whole ? SubclusterBitmap.ALL_ZERO : SubclusterBitmap.zero(old.bitmap, first, stop);
            long entry = unmap ? L2Entry.UNALLOCATED : oldEntry;
            if (entry == oldEntry && bitmap == old.bitmap) {
                return 0;
            }
            slice.setExtended(index, entry, bitmap);
        } else {
            long entry = drop ? L2Entry.UNALLOCATED : unmap ? zeroOrUnallocated() : L2Entry.withZero(oldEntry);
            if (entry == oldEntry) {
                return 0;
            }
            slice.set(index, entry);
        }
        image.l2Cache().markDirty(slice);
        if (release) {
            image.freeEntry(
                    oldEntry,
                    purpose == Purpose.DISCARD ? image.options.passDiscardRequest() : image.options.passDiscardOther());
        }
        return 0;
    }

    private static boolean isPlainUnallocated(Mapping mapping) {
        return mapping.type == Mapping.UNALLOCATED && mapping.bitmap >>> SubclusterBitmap.COUNT == 0;
    }

    private long zeroOrUnallocated() {
        return image.version >= 3 ? L2Entry.zeroPlain() : L2Entry.UNALLOCATED;
    }
}

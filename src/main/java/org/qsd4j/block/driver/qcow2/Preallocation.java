package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.driver.qcow2.format.L2Entry;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;

/** Gives guest clusters their places before anything is written to them. QEMU: {@code preallocate_co}. */
@ThreadSafe
final class Preallocation {
    private final Qcow2Image image;
    private final ClusterGeometry geometry;

    Preallocation(Qcow2Image image) {
        this.image = image;
        this.geometry = image.geometry;
    }

    /**
     * Places all of the range that has no place; its contents stay as the guest sees them, which is zeroes.
     *
     * @throws QapiException with errno set; what has been placed stays placed
     */
    void preallocate(long from, long end, PreallocMode mode) {
        if (mode == PreallocMode.OFF) {
            return;
        }
        long highest = 0;
        RequestScratch scratch = image.scratch();
        long start = geometry.clusterStart(from);
        while (start < end) {
            long sliceEnd = (geometry.sliceOf(start) + 1) << (geometry.clusterBits + geometry.sliceBits);
            long stop = Math.min(geometry.clustersFor(end) << geometry.clusterBits, sliceEnd);
            highest = Math.max(highest, place(start, stop, scratch));
            start = stop;
        }
        int result = image.flushAll();
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not preallocate metadata");
        }
        extendFile(highest, mode);
    }

    /** The places must be inside the file. Its own preallocation starts at its end: what lies before is there already. */
    private void extendFile(long highest, PreallocMode mode) {
        if (highest > image.data.node().length()) {
            PreallocMode fileMode = mode == PreallocMode.METADATA ? PreallocMode.OFF : mode;
            image.data.node().truncate(highest, false, fileMode, 0);
        }
    }

    /** Within one slice; where the highest host cluster ends. */
    private long place(long start, long stop, RequestScratch scratch) {
        int pressure = image.relieve();
        requireSuccess(pressure);
        long first = start >>> geometry.clusterBits;
        long last = stop >>> geometry.clusterBits;
        image.claims().claim(first, last);
        try {
            long highest = 0;
            for (long guest = start; guest < stop; ) {
                L2Slice slice = image.l2Tables().lockForChange(guest, scratch);
                requireSuccess(slice == null ? scratch.error : 0);
                try {
                    long clusters = slice == null ? 0 : placeRun(slice, guest, stop, scratch);
                    requireSuccess(clusters < 0 ? (int) clusters : 0);
                    highest = Math.max(highest, scratch.writing.hostOffset);
                    guest += clusters << geometry.clusterBits;
                } finally {
                    image.metadataLock.unlock();
                }
            }
            return highest;
        } finally {
            image.claims().release(first, last);
        }
    }

    /** Clusters dealt with, or -errno; {@code scratch.writing.hostOffset} is where they end in the file, or 0. */
    private long placeRun(L2Slice slice, long guest, long stop, RequestScratch scratch) {
        scratch.writing.hostOffset = 0;
        int index = geometry.indexInSlice(guest);
        int count = (int) ((stop - guest) >>> geometry.clusterBits);
        if (!isFree(slice, index, scratch.probing)) {
            return 1;
        }
        int run = 1;
        while (run < count && isFree(slice, index + run, scratch.probing)) {
            run++;
        }
        if (!geometry.extendedL2 && image.backing() != null && !isBehindBacking(guest)) {
            return -Errno.ENOTSUP;
        }
        long host = guest;
        // A raw data file is what the guest sees.
        boolean showsPlace = image.dataFileRaw;
        if (!image.hasDataFile) {
            host = image.allocator().allocate(run);
            if (host < 0) {
                return host;
            }
            run = (int) image.allocator().allocated();
            int overlap = image.checkOverlap(host, (long) run << geometry.clusterBits);
            if (overlap < 0) {
                return overlap;
            }
            showsPlace = image.allocator().isVirgin();
            if (!showsPlace && image.version < 3) {
                image.allocator().giveBack(host, run);
                return -Errno.ENOTSUP;
            }
        }
        for (int i = 0; i < run; i++) {
            long entry = L2Entry.copied(host + ((long) i << geometry.clusterBits));
            if (geometry.extendedL2) {
                // Without data in the places, the subclusters keep showing what they show.
                slice.extendedEntry(index + i, scratch.probing);
                slice.setExtended(index + i, entry, scratch.probing.bitmap);
            } else {
                slice.set(index + i, showsPlace ? entry : L2Entry.withZero(entry));
            }
        }
        image.l2Cache().markDirty(slice);
        scratch.writing.hostOffset = host + ((long) run << geometry.clusterBits);
        return run;
    }

    private boolean isBehindBacking(long guest) {
        BlockChild backing = image.backing();
        return backing == null || guest >= backing.node().length();
    }

    private boolean isFree(L2Slice slice, int index, Mapping probe) {
        if (geometry.extendedL2) {
            slice.extendedEntry(index, probe);
        } else {
            probe.entry = slice.entry(index);
        }
        boolean placed = L2Entry.hostOffset(probe.entry) != 0 || (image.hasDataFile && L2Entry.isCopied(probe.entry));
        return !placed && !L2Entry.isCompressed(probe.entry);
    }

    private static void requireSuccess(int result) {
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not preallocate metadata");
        }
    }
}

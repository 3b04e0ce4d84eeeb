package org.qsd4j.block.driver.qcow2;

import java.util.Arrays;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.block.driver.qcow2.format.ImageLimits;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.Errno;
import org.qsd4j.util.Align;

/** Changes the size of the disk. The whole range that comes or goes is claimed meanwhile. */
final class ImageResize {
    private final Qcow2Image image;
    private final ClusterGeometry geometry;
    private final ZeroClusters zeroes;

    ImageResize(Qcow2Image image, ZeroClusters zeroes) {
        this.image = image;
        this.geometry = image.geometry;
        this.zeroes = zeroes;
    }

    /** Fails as the real daemon does where it refuses a size. */
    void check(long newLength) {
        if (!Align.isAligned(newLength, 512)) {
            throw QapiException.withErrno(Errno.EINVAL, "The new size must be a multiple of 512");
        }
        boolean shrinks = newLength < image.diskLength();
        if (!image.snapshots().entries().isEmpty() && image.version < 3) {
            throw QapiException.withErrno(Errno.ENOTSUP, "Can't resize a v2 image which has snapshots");
        }
        long entries = geometry.l1EntriesFor(newLength);
        if (entries < 0 || entries * Long.BYTES > ImageLimits.MAX_L1_BYTES) {
            throw QapiException.withErrno(Errno.EFBIG, "Failed to grow the L1 table: File too large");
        }
        if (image.metadata.extensions().bitmaps() != null) {
            throw QapiException.withErrno(Errno.ENOTSUP, "Cannot resize qcow2 files with bitmaps");
        }
        BlockChild backing = image.backing();
        boolean exposes = !shrinks && backing != null && backing.node().length() > image.diskLength();
        if (exposes && image.version < 3) {
            throw QapiException.withErrno(Errno.ENOTSUP, "Failed to zero out the new area");
        }
    }

    /** Makes room in the L1 table, and zeroes what old clusters or the backing file have behind the old end. */
    void grow(long oldLength, long newLength) {
        growL1((int) geometry.l1EntriesFor(newLength));
        image.setDiskLength(newLength);
        long unitEnd = Math.min(newLength, Align.up(oldLength, geometry.clusterSize));
        // What an interrupted shrinking has left behind the old end must not come to light.
        int result = zeroes.drop(Align.up(oldLength, geometry.clusterSize), Align.up(newLength, geometry.clusterSize));
        if (result == 0 && oldLength < unitEnd) {
            result = zeroes.writeZeroes(oldLength, unitEnd - oldLength, 0);
        }
        BlockChild backing = image.backing();
        if (result == 0 && backing != null && backing.node().length() > unitEnd && unitEnd < newLength) {
            long end = Math.min(newLength, Align.up(backing.node().length(), geometry.clusterSize));
            result = zeroes.writeZeroes(unitEnd, end - unitEnd, RequestFlags.MAY_UNMAP);
        }
        if (result == 0) {
            result = writeSize(newLength);
        }
        if (result < 0) {
            takeBack(oldLength);
            throw QapiException.fromErrno(result, "Failed to resize the image");
        }
    }

    /** The next write-back puts the old size where the failed one may have put the new. */
    private void takeBack(long oldLength) {
        image.setDiskLength(oldLength);
        image.metadataLock.lock();
        try {
            image.header().setSize(oldLength);
        } finally {
            image.metadataLock.unlock();
        }
    }

    /** The header first: after a crash the clusters behind the new end are leaked or still mapped, never lost. */
    void shrink(long oldLength, long newLength) {
        image.setDiskLength(newLength);
        int result = writeSize(newLength);
        if (result < 0) {
            takeBack(oldLength);
            throw QapiException.fromErrno(result, "Failed to resize the image");
        }
        long from = Align.up(newLength, geometry.clusterSize);
        long end = Align.up(oldLength, geometry.clusterSize);
        result = from < end ? zeroes.drop(from, end) : 0;
        if (result == 0) {
            result = image.flushAll();
        }
        if (result < 0) {
            throw QapiException.fromErrno(result, "Failed to discard cropped clusters");
        }
    }

    private int writeSize(long newLength) {
        image.metadataLock.lock();
        try {
            image.header().setSize(newLength);
        } finally {
            image.metadataLock.unlock();
        }
        return image.flushAll();
    }

    /** The new table is complete on disk before the header names it; the old one is given up after that. */
    private void growL1(int entries) {
        if (entries <= image.l1().size()) {
            return;
        }
        int result = image.flushAll();
        image.metadataLock.lock();
        try {
            result = result < 0 ? result : moveL1(entries);
        } finally {
            image.metadataLock.unlock();
        }
        if (result == 0) {
            result = image.flushAll();
        }
        if (result < 0) {
            throw QapiException.fromErrno(result, "Failed to grow the L1 table");
        }
    }

    private int moveL1(int entries) {
        L1Table old = image.l1();
        long clusters = geometry.clustersFor((long) entries * Long.BYTES);
        image.file.debugEvent(BlkdebugEvent.L1_GROW_ALLOC_TABLE);
        long place = image.allocator().allocateExactly(clusters);
        if (place < 0) {
            return (int) place;
        }
        long[] words = old.copy(entries);
        long[] padded = Arrays.copyOf(words, (int) (clusters << (geometry.clusterBits - 3)));
        image.file.debugEvent(BlkdebugEvent.L1_GROW_WRITE_TABLE);
        int result = TableIo.writeWords(image.file, place, padded, 0, padded.length);
        if (result < 0) {
            image.allocator().giveBack(place, clusters);
            return result;
        }
        long oldClusters = geometry.clustersFor(old.size() * (long) Long.BYTES);
        image.moveMetadata(
                old.hostOffset, oldClusters, place >>> geometry.clusterBits, clusters, OverlapCheck.ACTIVE_L1);
        image.replaceL1(new L1Table(words, place));
        image.file.debugEvent(BlkdebugEvent.L1_GROW_ACTIVATE_TABLE);
        image.header().setL1(place, entries);
        return 0;
    }
}

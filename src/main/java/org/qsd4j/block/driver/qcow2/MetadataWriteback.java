package org.qsd4j.block.driver.qcow2;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * Brings changed metadata to the disk, in steps with a flush of the file between them, so that after a crash at any
 * point a cluster that something refers to is counted and holds what it should:
 *
 * <ol>
 *   <li>refcount blocks; with them, guest data and the first contents of new tables, which were written before;
 *   <li>refcount table entries of new blocks, or a table that has moved;
 *   <li>the header, if the refcount table has moved;
 *   <li>L2 entries and L1 entries.
 * </ol>
 *
 * A step that has nothing to write has no flush. Only after the last one are clusters released that the entries referred
 * to before. What is written is a copy of one moment, taken under the metadata lock; the I/O happens outside, so that
 * allocations go on meanwhile. Write-backs follow one another.
 */
@ThreadSafe
final class MetadataWriteback {
    private final Qcow2Image image;
    private final ReentrantLock turn = new ReentrantLock();
    private @Nullable NativeBuffer staging;

    MetadataWriteback(Qcow2Image image) {
        this.image = image;
    }

    /** Everything that one write-back takes with it. */
    private static final class Captured {
        Refcounts.@Nullable Captured refcounts;

        @Nullable
        NativeBuffer header;

        final List<L2Slice> slices = new ArrayList<>();
        long[] sliceOffsets = new long[0];
        long[] l1Entries = new long[0];
        int l1From;
        long l1Offset;

        @Nullable
        L1Table l1;

        FreedClusters freed = new FreedClusters();
    }

    /** Makes all that was changed before durable; 0 or -errno. */
    int flush() {
        turn.lock();
        try {
            if (image.isEjected()) {
                return -Errno.ENOMEDIUM;
            }
            if (image.hasDataFile) {
                int result = image.data.flush();
                if (result < 0) {
                    return result;
                }
            }
            Captured captured = new Captured();
            int result = capture(captured);
            if (result == 0) {
                result = write(captured);
            }
            finish(captured, result);
            return result;
        } finally {
            turn.unlock();
        }
    }

    private int capture(Captured captured) {
        image.metadataLock.lock();
        try {
            Refcounts refcounts = image.refcounts();
            if (refcounts.isDirty()) {
                captured.refcounts = refcounts.capture();
                int result = refcounts.writeBlocks(captured.refcounts);
                if (result < 0) {
                    return result;
                }
            }
            if (image.header().isDirty()) {
                captured.header = image.header().capture();
            }
            captureL1(captured);
            captureSlices(captured);
            captured.freed = image.release().take();
            return 0;
        } finally {
            image.metadataLock.unlock();
        }
    }

    private void captureL1(Captured captured) {
        L1Table l1 = image.l1();
        if (l1.isDirty()) {
            captured.l1 = l1;
            captured.l1From = l1.dirtyFrom;
            captured.l1Offset = l1.hostOffset;
            captured.l1Entries = Arrays.copyOfRange(l1.copy(l1.dirtyEnd), l1.dirtyFrom, l1.dirtyEnd);
            l1.markClean();
        }
    }

    private void captureSlices(Captured captured) {
        L2Cache cache = image.l2Cache();
        if (cache.dirtyCount() == 0) {
            return;
        }
        for (int slot = 0; slot < cache.capacity(); slot++) {
            L2Slice slice = cache.at(slot);
            if (slice != null && slice.dirty) {
                captured.slices.add(slice);
            }
        }
        captured.slices.sort(Comparator.comparingLong(slice -> slice.hostOffset));
        int sliceBytes = 1 << image.geometry.sliceByteBits;
        NativeBuffer buffer = stagingFor(captured.slices.size() * sliceBytes);
        captured.sliceOffsets =
                captured.slices.stream().mapToLong(slice -> slice.hostOffset).toArray();
        int at = 0;
        for (L2Slice slice : captured.slices) {
            for (int i = 0; i < slice.wordCount(); i++) {
                buffer.putLongBE(at + i * Long.BYTES, slice.word(i));
            }
            at += sliceBytes;
            cache.markClean(slice);
            slice.writing = true;
        }
    }

    private NativeBuffer stagingFor(int bytes) {
        if (staging == null || staging.capacity() < bytes) {
            staging = NativeBuffer.allocate(Integer.highestOneBit(bytes * 2 - 1));
        }
        return staging;
    }

    private int write(Captured captured) {
        int result = image.file.flush();
        if (result == 0 && captured.refcounts != null) {
            result = writeRefcountTable(captured.refcounts);
        }
        if (result == 0 && captured.header != null) {
            if (captured.refcounts != null && captured.refcounts.movedTable() != null) {
                image.file.debugEvent(BlkdebugEvent.REFBLOCK_ALLOC_SWITCH_TABLE);
            }
            result = image.header().write(image.file, captured.header);
            result = result < 0 ? result : image.file.flush();
        }
        if (result < 0 || (captured.slices.isEmpty() && captured.l1 == null)) {
            return result;
        }
        result = writeSlices(captured);
        if (result == 0 && captured.l1 != null) {
            int count = captured.l1Entries.length;
            long at = captured.l1Offset + (long) captured.l1From * Long.BYTES;
            image.file.debugEvent(BlkdebugEvent.L1_UPDATE);
            result = TableIo.writeWords(image.file, at, captured.l1Entries, 0, count);
        }
        return result < 0 ? result : image.file.flush();
    }

    private int writeRefcountTable(Refcounts.Captured captured) {
        if (captured.entries().isEmpty() && captured.movedTable() == null) {
            return 0;
        }
        int result = image.refcounts().writeTable(captured);
        return result < 0 ? result : image.file.flush();
    }

    /** Neighbours in the file go in one write. */
    private int writeSlices(Captured captured) {
        int sliceBytes = 1 << image.geometry.sliceByteBits;
        long[] offsets = captured.sliceOffsets;
        for (int first = 0; first < offsets.length; ) {
            int end = first + 1;
            while (end < offsets.length && offsets[end] == offsets[first] + (long) (end - first) * sliceBytes) {
                end++;
            }
            NativeBuffer buffer = Objects.requireNonNull(staging);
            image.file.debugEvent(BlkdebugEvent.L2_UPDATE);
            int result = image.file.write(offsets[first], buffer, first * sliceBytes, (end - first) * sliceBytes, 0);
            if (result < 0) {
                return result;
            }
            first = end;
        }
        return 0;
    }

    private void finish(Captured captured, int result) {
        image.metadataLock.lock();
        try {
            for (L2Slice slice : captured.slices) {
                slice.writing = false;
                if (result < 0) {
                    image.l2Cache().markDirty(slice);
                }
            }
            if (result < 0) {
                restore(captured);
            } else {
                image.release().enterLimbo(captured.freed);
            }
        } finally {
            image.metadataLock.unlock();
        }
    }

    private void restore(Captured captured) {
        if (captured.refcounts != null) {
            image.refcounts().restore(captured.refcounts);
        }
        if (captured.header != null) {
            image.header().markDirty();
        }
        if (captured.l1 != null) {
            captured.l1.markDirty(captured.l1From, captured.l1From + captured.l1Entries.length);
        }
        image.release().restore(captured.freed);
    }
}

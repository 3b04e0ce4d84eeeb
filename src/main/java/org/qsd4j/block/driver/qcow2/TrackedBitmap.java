package org.qsd4j.block.driver.qcow2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.driver.qcow2.format.L1Entry;
import org.qsd4j.sys.NativeBuffer;

/**
 * A stored bitmap in memory, to track writes or to be read (specification: "Bitmap table", "Bitmap data"). Bit n, the n % 8th of byte n / 8, stands for a granularity's worth of the disk. Writers set bits without
 * a lock.
 */
@ThreadSafe
final class TrackedBitmap {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final long ALL_ONES = 1;

    /** More than QEMU makes; what is larger is left alone, marked as in use. */
    private static final long MAX_BYTES = 64L << 20;

    private final BitmapDirectory.Entry entry;
    private final long[] table;
    private final long[] words;

    private TrackedBitmap(BitmapDirectory.Entry entry, long[] table, long[] words) {
        this.entry = entry;
        this.table = table;
        this.words = words;
    }

    BitmapDirectory.Entry entry() {
        return entry;
    }

    /** Whether the bitmap is of the disk's size, and of one that is kept in memory. */
    private static boolean fits(BitmapDirectory.Entry entry, Qcow2Image image) {
        long bytes = byteCount(entry, image.diskLength());
        return bytes <= MAX_BYTES && entry.tableSize() == image.geometry.clustersFor(bytes);
    }

    /** What it takes in memory, if it can be read at all. */
    static long bytes(BitmapDirectory.Entry entry, Qcow2Image image) {
        return entry.tableSize() * image.geometry.clusterSize;
    }

    private static long byteCount(BitmapDirectory.Entry entry, long diskLength) {
        long bits = (diskLength + (1L << entry.granularityBits()) - 1) >>> entry.granularityBits();
        return (bits + 7) / 8;
    }

    /** Reads it; null if that can't be done. */
    static @Nullable TrackedBitmap load(BitmapDirectory.Entry entry, Qcow2Image image) {
        if (!fits(entry, image)) {
            return null;
        }
        long[] table = new long[(int) entry.tableSize()];
        if (TableIo.readWords(image.file, entry.tableOffset(), table) < 0) {
            return null;
        }
        int clusterSize = image.geometry.clusterSize;
        int perCluster = clusterSize / Long.BYTES;
        long[] words = new long[table.length * perCluster];
        NativeBuffer buffer = NativeBuffer.allocate(clusterSize);
        for (int i = 0; i < table.length; i++) {
            long offset = L1Entry.l2TableOffset(table[i]);
            if (offset == 0) {
                Arrays.fill(words, i * perCluster, (i + 1) * perCluster, table[i] == ALL_ONES ? -1 : 0);
                continue;
            }
            if (!image.geometry.isClusterAligned(offset)
                    || TableIo.read(image.file, offset, buffer, 0, clusterSize) < 0) {
                return null;
            }
            for (int w = 0; w < perCluster; w++) {
                words[i * perCluster + w] = buffer.getLong(w * Long.BYTES);
            }
        }
        return new TrackedBitmap(entry, table, words);
    }

    /** The range is about to be written to. */
    void mark(long guestOffset, long bytes) {
        long first = guestOffset >>> entry.granularityBits();
        long last = (guestOffset + bytes - 1) >>> entry.granularityBits();
        for (long word = first >>> 6; word <= last >>> 6; word++) {
            long mask = -1L;
            if (word == first >>> 6) {
                mask &= -1L << (first & 63);
            }
            if (word == last >>> 6) {
                mask &= -1L >>> (63 - (last & 63));
            }
            long seen = (long) WORD.getAcquire(words, (int) word);
            if ((seen & mask) != mask) {
                WORD.getAndBitwiseOr(words, (int) word, mask);
            }
        }
    }

    boolean isDirty(long guestOffset) {
        long bit = guestOffset >>> entry.granularityBits();
        return (word(bit >>> 6) >>> (bit & 63) & 1) != 0;
    }

    /** For how many bytes from {@code guestOffset} on the bits are the same, at most {@code bytes}. */
    long runLength(long guestOffset, long bytes) {
        long first = guestOffset >>> entry.granularityBits();
        long last = (guestOffset + bytes - 1) >>> entry.granularityBits();
        long same = isDirty(guestOffset) ? -1 : 0;
        long different = (word(first >>> 6) ^ same) & (-1L << (first & 63));
        long index = first >>> 6;
        while (different == 0 && index < last >>> 6) {
            index++;
            different = word(index) ^ same;
        }
        long end = different == 0 ? last + 1 : (index << 6) + Long.numberOfTrailingZeros(different);
        return Math.min(bytes, (end << entry.granularityBits()) - guestOffset);
    }

    /** Beyond the end, where an image may have grown to, nothing is dirty. */
    private long word(long index) {
        return index < words.length ? (long) WORD.getAcquire(words, (int) index) : 0;
    }

    /**
     * Writes the bits and the table, in place or to clusters that are new; the directory's entry still says that it is in
     * use, so that a half-written bitmap is nobody's truth. 0 or -errno.
     */
    int store(Qcow2Image image) {
        int result = storeData(image);
        if (result == 0) {
            // The clusters that the table refers to are counted on disk before it does.
            result = image.flushAll();
        }
        if (result == 0) {
            result = TableIo.writeWords(image.file, entry.tableOffset(), table, 0, table.length);
        }
        return result < 0 ? result : image.file.flush();
    }

    private int storeData(Qcow2Image image) {
        int perCluster = image.geometry.clusterSize / Long.BYTES;
        NativeBuffer buffer = NativeBuffer.allocate(image.geometry.clusterSize);
        for (int i = 0; i < table.length; i++) {
            for (int w = 0; w < perCluster; w++) {
                buffer.putLong(w * Long.BYTES, words[i * perCluster + w]);
            }
            long offset = L1Entry.l2TableOffset(table[i]);
            if (offset == 0) {
                if (buffer.isZero(0, image.geometry.clusterSize)) {
                    table[i] = 0;
                    continue;
                }
                offset = allocate(image);
                if (offset < 0) {
                    return (int) offset;
                }
                table[i] = offset;
            }
            int result = image.checkOverlap(offset, image.geometry.clusterSize);
            if (result == 0) {
                result = image.file.write(offset, buffer, 0, image.geometry.clusterSize, 0);
            }
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }

    private static long allocate(Qcow2Image image) {
        image.metadataLock.lock();
        try {
            return image.allocator().allocate(1);
        } finally {
            image.metadataLock.unlock();
        }
    }
}

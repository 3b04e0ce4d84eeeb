package org.qsd4j.block.driver.qcow2;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.driver.qcow2.format.HeaderExtensions;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/**
 * The bitmap directory (specification: "Bitmap directory"), entries padded to a multiple of 8, big endian.
 *
 * <pre>
 *  0  8  bitmap_table_offset
 *  8  4  bitmap_table_size: entries
 * 12  4  flags: 0 in_use, 1 auto, 2 extra_data_compatible
 * 16  1  type: 1 dirty tracking
 * 17  1  granularity_bits
 * 18  2  name_size
 * 20  4  extra_data_size
 * 24  -  extra data, name
 * </pre>
 */
final class BitmapDirectory {
    static final int FLAG_IN_USE = 1;
    static final int FLAG_AUTO = 1 << 1;
    private static final int RESERVED_FLAGS = ~7;
    private static final int ENTRY_SIZE = 24;
    private static final int TYPE_DIRTY_TRACKING = 1;
    private static final int MAX_NAME = 1023;
    private static final long MAX_DATA_BYTES = 512L << 20;

    /** {@code position} is the entry's place in the image file; {@code tableSize} counts entries. */
    record Entry(long position, long tableOffset, long tableSize, int flags, int granularityBits, String name) {}

    private BitmapDirectory() {}

    /** All entries; empty without the extension. */
    static List<Entry> read(BlockChild file, ImageMetadata metadata) {
        HeaderExtensions.Bitmaps extension = metadata.extensions().bitmaps();
        List<Entry> entries = new ArrayList<>();
        if (extension == null) {
            return entries;
        }
        int size = (int) extension.directorySize();
        NativeBuffer directory = NativeBuffer.allocate(Math.max(1, size));
        int result = size == 0 ? 0 : TableIo.read(file, extension.directoryOffset(), directory, 0, size);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Failed to read bitmap directory");
        }
        int at = 0;
        while (at < size) {
            if (entries.size() >= extension.count()) {
                throw QapiException.generic("More bitmaps found than specified in header extension");
            }
            at = readOne(directory, at, size, extension.directoryOffset(), metadata, entries);
        }
        if (entries.size() != extension.count()) {
            throw QapiException.generic("Less bitmaps found than specified in header extension");
        }
        return entries;
    }

    private static int readOne(
            NativeBuffer directory, int at, int size, long base, ImageMetadata metadata, List<Entry> entries) {
        if (at + ENTRY_SIZE > size) {
            throw brokenDirectory();
        }
        int nameSize = directory.getShortBE(at + 18) & 0xffff;
        long extraSize = directory.getIntBE(at + 20) & 0xffff_ffffL;
        long end = Align.up(at + ENTRY_SIZE + extraSize + nameSize, 8);
        if (end > size) {
            throw brokenDirectory();
        }
        long tableOffset = directory.getLongBE(at);
        long tableSize = directory.getIntBE(at + 8) & 0xffff_ffffL;
        int flags = directory.getIntBE(at + 12);
        int granularity = directory.getByte(at + 17) & 0xff;
        byte[] name = new byte[nameSize];
        directory.get(at + ENTRY_SIZE + (int) extraSize, name, 0, nameSize);
        String text = new String(name, StandardCharsets.UTF_8);
        boolean sane = nameSize > 0
                && nameSize <= MAX_NAME
                && extraSize == 0
                && tableSize > 0
                && tableOffset > 0
                && Align.isAligned(tableOffset, 1L << metadata.header().clusterBits())
                && (flags & RESERVED_FLAGS) == 0
                && directory.getByte(at + 16) == TYPE_DIRTY_TRACKING
                && granularity >= 9
                && granularity <= 31
                && hasSaneSize(tableSize, flags, granularity, metadata);
        if (!sane) {
            throw QapiException.generic("Bitmap '%s' doesn't satisfy the constraints", text);
        }
        entries.add(new Entry(base + at, tableOffset, tableSize, flags, granularity, text));
        return (int) end;
    }

    /** Its data are not too much and, unless they don't count any more, cover the disk. */
    private static boolean hasSaneSize(long tableSize, int flags, int granularity, ImageMetadata metadata) {
        long dataBytes = tableSize << metadata.header().clusterBits();
        if (dataBytes > MAX_DATA_BYTES) {
            return false;
        }
        long covered = (dataBytes * 8) << granularity;
        return (flags & FLAG_IN_USE) != 0 || Long.compareUnsigned(metadata.diskSize(), covered) <= 0;
    }

    private static QapiException brokenDirectory() {
        return QapiException.generic("Broken bitmap directory");
    }
}

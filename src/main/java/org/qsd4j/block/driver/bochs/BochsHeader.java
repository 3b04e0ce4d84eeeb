package org.qsd4j.block.driver.bochs;

import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/**
 * The header, little endian. QEMU: {@code bochs_header}.
 *
 * @param size of the disk in bytes
 * @param catalogOffset where the catalog is, in bytes: a word for each extent
 * @param catalogSize how many words it has
 * @param bitmapBlocks sectors before an extent's data that tell which of its sectors are in use
 * @param extentSize bytes of data in an extent
 */
@Immutable
record BochsHeader(long size, long catalogOffset, long catalogSize, long bitmapBlocks, long extentSize) {
    static final int SECTOR = 512;
    private static final String MAGIC = "Bochs Virtual HD Image\0";
    private static final int VERSION_1 = 0x00010000;
    private static final int MAX_CATALOG = 0x100000;
    private static final int MAX_EXTENT = 0x800000;
    private static final int BYTES = 512;

    static boolean isMagic(byte[] head) {
        if (head.length < BYTES) {
            return false;
        }
        String text = new String(head, StandardCharsets.ISO_8859_1);
        boolean version = head[64] == 0 && head[65] == 0 && (head[66] == 1 || head[66] == 2) && head[67] == 0;
        return version
                && text.startsWith(MAGIC)
                && text.startsWith("Redolog\0", 32)
                && text.startsWith("Growing\0", 48);
    }

    static BochsHeader read(BlockChild file) {
        ImageHeader header = ImageHeader.read(file, 0, BYTES, ByteOrder.LITTLE_ENDIAN);
        if (!isMagic(header.toArray())) {
            throw invalid("Image not in Bochs format");
        }
        long size = (header.u32(64) == VERSION_1 ? header.u64(84) : header.u64(88)) / SECTOR * SECTOR;
        long catalogSize = header.u32(72);
        if (catalogSize > MAX_CATALOG) {
            throw QapiException.withErrno(Errno.EFBIG, "Catalog size is too large");
        }
        long extentSize = header.u32(80);
        if (extentSize < SECTOR) {
            throw invalid("Extent size must be at least 512");
        }
        if (Long.bitCount(extentSize) != 1) {
            throw invalid("Extent size %d is not a power of two", extentSize);
        }
        if (extentSize > MAX_EXTENT) {
            throw invalid("Extent size %d is too large", extentSize);
        }
        if (size < 0 || catalogSize < (size + extentSize - 1) / extentSize) {
            throw invalid("Catalog size is too small for this disk size");
        }
        long bitmapBlocks = 1 + (header.u32(76) - 1) / SECTOR;
        return new BochsHeader(size, header.u32(68), catalogSize, bitmapBlocks, extentSize);
    }

    private static QapiException invalid(String format, Object... args) {
        return QapiException.withErrno(Errno.EINVAL, format, args);
    }
}

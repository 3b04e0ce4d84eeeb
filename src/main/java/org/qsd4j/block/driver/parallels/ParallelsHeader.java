package org.qsd4j.block.driver.parallels;

import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/**
 * The header, little endian. QEMU: {@code ParallelsHeader}.
 *
 * @param size of the disk in bytes
 * @param clusterSize in bytes
 * @param entryUnit what an entry of the table counts, in bytes
 * @param entries how many clusters the table has room for
 */
@Immutable
record ParallelsHeader(long size, long clusterSize, long entryUnit, long entries) {
    static final int BYTES = 64;
    private static final int SECTOR = 512;
    private static final String MAGIC = "WithoutFreeSpace";
    private static final String MAGIC_EXT = "WithouFreSpacExt";
    private static final int VERSION = 2;
    private static final long EXTENSION_MAGIC = 0xab234cef23dcea87L;

    static boolean isMagic(byte[] head) {
        if (head.length < BYTES || head[16] != VERSION || head[17] != 0 || head[18] != 0 || head[19] != 0) {
            return false;
        }
        String magic = new String(head, 0, 16, StandardCharsets.ISO_8859_1);
        return magic.equals(MAGIC) || magic.equals(MAGIC_EXT);
    }

    static ParallelsHeader read(BlockChild file) {
        ImageHeader header = ImageHeader.read(file, 0, BYTES, ByteOrder.LITTLE_ENDIAN);
        boolean extended = header.has(0, MAGIC_EXT);
        if (header.u32(16) != VERSION || (!extended && !header.has(0, MAGIC))) {
            throw invalid("Image not in Parallels format");
        }
        long tracks = header.u32(28);
        if (tracks == 0) {
            throw invalid("Invalid image: Zero sectors per track");
        }
        if (tracks > Integer.MAX_VALUE / 513) {
            throw invalid("Invalid image: Too big cluster");
        }
        long entries = header.u32(32);
        if (entries > Integer.MAX_VALUE / Integer.BYTES) {
            throw QapiException.withErrno(Errno.EFBIG, "Catalog too large");
        }
        long sectors = extended ? header.u64(36) : header.u32(36);
        if (Long.compareUnsigned(entries * tracks, sectors) < 0) {
            throw invalid("Invalid image: Catalog size too small for advertised disk size");
        }
        checkExtension(file, header.u64(56));
        return new ParallelsHeader(sectors * SECTOR, tracks * SECTOR, extended ? tracks * SECTOR : SECTOR, entries);
    }

    /** It holds bitmaps, which reading does without. */
    private static void checkExtension(BlockChild file, long sector) {
        if (sector == 0) {
            return;
        }
        if (sector < 0 || sector > BlockNode.MAX_LENGTH / SECTOR) {
            throw invalid("Invalid image: Too big offset");
        }
        long magic = ImageHeader.read(file, sector * SECTOR, 8, ByteOrder.LITTLE_ENDIAN)
                .u64(0);
        if (magic != EXTENSION_MAGIC) {
            throw invalid(String.format(
                    "Wrong parallels Format Extension magic: 0x%x, expected: 0x%x", magic, EXTENSION_MAGIC));
        }
    }

    private static QapiException invalid(String text) {
        return QapiException.withErrno(Errno.EINVAL, text);
    }
}

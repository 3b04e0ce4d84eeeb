package org.qsd4j.block.driver.vpc;

import java.nio.ByteOrder;
import java.util.Set;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/**
 * The 512 bytes that tell what the image is, big endian: at its end, in dynamic images at its start too. QEMU: {@code
 * VHDFooter}.
 *
 * @param size of the disk in bytes
 * @param dataOffset where the dynamic header is, in bytes
 */
@Immutable
record VpcFooter(boolean isDynamic, long size, long dataOffset) {
    static final String MAGIC = "conectix";
    private static final int BYTES = 512;
    private static final int SECTOR = 512;
    private static final int CHECKSUM_OFFSET = 64;
    private static final int FIXED = 2;
    private static final int DYNAMIC = 3;

    /** The largest disk that the geometry can tell: one as large may well be larger. */
    private static final long LARGEST_GEOMETRY = 65535L * 16 * 255;

    private static final long MAX_SECTORS = 0xff000000L;

    /** Programs that round the disk to its geometry; the others mean the size that they have written. */
    private static final Set<String> MEAN_THE_GEOMETRY = Set.of("vpc ", "vs  ", "qemu");

    static VpcFooter read(BlockChild file) {
        ImageHeader footer = ImageHeader.read(file, 0, BYTES, ByteOrder.BIG_ENDIAN);
        boolean atStart = footer.has(0, MAGIC);
        if (!atStart) {
            footer = readAtEnd(file);
        }
        long type = footer.u32(60);
        if (!atStart && type != FIXED) {
            throw invalid();
        }
        if (checksum(footer) != footer.u32(CHECKSUM_OFFSET)) {
            throw QapiException.withErrno(Errno.EINVAL, "Incorrect header checksum");
        }
        long sectors = (long) footer.u16(56) * footer.u8(58) * footer.u8(59);
        long size = sectors * SECTOR;
        if (!MEAN_THE_GEOMETRY.contains(footer.text(28, 4)) || sectors == LARGEST_GEOMETRY) {
            size = footer.u64(48) & -SECTOR;
        }
        if (Long.compareUnsigned(size, MAX_SECTORS * SECTOR) > 0) {
            throw ImageHeader.couldNotOpen(file, Errno.EFBIG);
        }
        return new VpcFooter(type == DYNAMIC, size, footer.u64(16));
    }

    private static ImageHeader readAtEnd(BlockChild file) {
        long offset = file.node().length() - BYTES;
        if (offset < 0) {
            throw invalid();
        }
        ImageHeader footer = ImageHeader.read(file, offset, BYTES, ByteOrder.BIG_ENDIAN);
        if (!footer.has(0, MAGIC)) {
            throw invalid();
        }
        return footer;
    }

    /** The complement of the sum of all other bytes. */
    private static long checksum(ImageHeader footer) {
        int sum = 0;
        for (int i = 0; i < BYTES; i++) {
            boolean own = i >= CHECKSUM_OFFSET && i < CHECKSUM_OFFSET + Integer.BYTES;
            sum += own ? 0 : footer.u8(i);
        }
        return ~sum & 0xffffffffL;
    }

    static QapiException invalid() {
        return QapiException.withErrno(Errno.EINVAL, "invalid VPC image");
    }
}

package org.qsd4j.block.driver.vmdk;

import java.nio.ByteOrder;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/**
 * The header of a sparse extent, little endian: a hosted one's, or ESX'. QEMU: {@code VMDK4Header}, {@code VMDK3Header}.
 *
 * @param size of the extent's part of the disk, in bytes
 * @param grainSize in bytes, a power of two in hosted extents
 * @param tableEntries words in a grain table
 * @param directoryOffset where the directory of grain tables is, in bytes
 * @param descriptorOffset where an embedded descriptor is, in bytes; 0 if there is none
 * @param hasMarkers whether compressed grains have a header
 */
@Immutable
record SparseHeader(
        long size,
        long grainSize,
        long tableEntries,
        long directoryOffset,
        long descriptorOffset,
        boolean isCompressed,
        boolean hasMarkers,
        boolean hasZeroGrains) {
    static final String MAGIC = "KDMV";
    static final String MAGIC_ESX = "COWD";
    private static final int BYTES = 512;
    private static final int SECTOR = 512;
    private static final int ESX_TABLE_ENTRIES = 4096;
    private static final long FLAG_ZERO_GRAIN = 1 << 2;
    private static final long FLAG_MARKER = 1 << 17;
    private static final int DEFLATE = 1;
    private static final long DIRECTORY_AT_END = -1;
    private static final int MAX_TABLE_ENTRIES = 512;
    private static final long MAX_DIRECTORY = 32 << 20;
    /** A grain is decompressed as a whole, into memory. */
    private static final long MAX_COMPRESSED_GRAIN_SECTORS = (16 << 20) / SECTOR;

    private static final long MAX_GRAIN_SECTORS = 0x200000;
    private static final long MAX_SECTORS = 1L << 53;

    static SparseHeader readEsx(BlockChild file) {
        ImageHeader header = ImageHeader.read(file, 0, BYTES, ByteOrder.LITTLE_ENDIAN);
        long sectors = header.u32(12);
        long grain = header.u32(16);
        checkGrain(grain, sectors, ESX_TABLE_ENTRIES);
        return new SparseHeader(
                sectors * SECTOR, grain * SECTOR, ESX_TABLE_ENTRIES, header.u32(20) * SECTOR, 0, false, false, false);
    }

    static SparseHeader read(BlockChild file) {
        ImageHeader header = ImageHeader.read(file, 0, BYTES, ByteOrder.LITTLE_ENDIAN);
        requireMagic(header, file);
        if (header.u64(56) == DIRECTORY_AT_END && header.u64(12) != 0) {
            header = readFooter(file);
        }
        long version = header.u32(4);
        long flags = header.u32(8);
        if (version > 3) {
            throw QapiException.withErrno(Errno.ENOTSUP, "Unsupported VMDK version %d", version);
        }
        long sectors = header.u64(12);
        long grain = header.u64(20);
        long tableEntries = header.u32(44);
        if (tableEntries > MAX_TABLE_ENTRIES) {
            throw QapiException.withErrno(Errno.EINVAL, "L2 table size too big");
        }
        checkGrain(grain, sectors, tableEntries);
        long expected = header.u64(64) * SECTOR;
        if (expected < 0 || expected > file.node().length()) {
            throw QapiException.withErrno(Errno.EINVAL, "File truncated, expecting at least %d bytes", expected);
        }
        boolean compressed = header.u16(77) == DEFLATE;
        if (compressed && grain > MAX_COMPRESSED_GRAIN_SECTORS) {
            throw QapiException.withErrno(Errno.EFBIG, "Invalid granularity, image may be corrupt");
        }
        return new SparseHeader(
                sectors * SECTOR,
                grain * SECTOR,
                tableEntries,
                offset(header.u64(56), file),
                offset(header.u64(28), file),
                compressed,
                (flags & FLAG_MARKER) != 0,
                (flags & FLAG_ZERO_GRAIN) != 0);
    }

    private static ImageHeader readFooter(BlockChild file) {
        long end = file.node().length() / SECTOR * SECTOR - 1536;
        if (end < 0) {
            throw QapiException.withErrno(Errno.EINVAL, "Invalid footer");
        }
        ImageHeader footer = ImageHeader.read(file, end, 1536, ByteOrder.LITTLE_ENDIAN);
        boolean marker = footer.u32(8) == 0 && footer.u32(12) == 3;
        boolean endOfStream = footer.u64(1024) == 0 && footer.u32(1032) == 0 && footer.u32(1036) == 0;
        if (!marker || !endOfStream || !footer.has(512, MAGIC)) {
            throw QapiException.withErrno(Errno.EINVAL, "Invalid footer");
        }
        return ImageHeader.read(file, end + 512, BYTES, ByteOrder.LITTLE_ENDIAN);
    }

    private static void requireMagic(ImageHeader header, BlockChild file) {
        if (!header.has(0, MAGIC)) {
            throw ImageHeader.couldNotOpen(file, Errno.EINVAL);
        }
    }

    private static void checkGrain(long grain, long sectors, long tableEntries) {
        if (grain < 1 || grain > MAX_GRAIN_SECTORS) {
            throw QapiException.withErrno(Errno.EFBIG, "Invalid granularity, image may be corrupt");
        }
        if (tableEntries == 0) {
            throw QapiException.withErrno(Errno.EINVAL, "L1 entry size is invalid");
        }
        if (sectors < 0 || sectors > MAX_SECTORS || sectors / (grain * tableEntries) > MAX_DIRECTORY) {
            throw QapiException.withErrno(Errno.EFBIG, "L1 size too big");
        }
    }

    private static long offset(long sectors, BlockChild file) {
        if (sectors < 0 || sectors > MAX_SECTORS) {
            throw ImageHeader.couldNotOpen(file, Errno.EINVAL);
        }
        return sectors * SECTOR;
    }

    /** The descriptor says how much of the extent counts. */
    SparseHeader withSize(long bytes) {
        return new SparseHeader(
                bytes,
                grainSize,
                tableEntries,
                directoryOffset,
                descriptorOffset,
                isCompressed,
                hasMarkers,
                hasZeroGrains);
    }
}

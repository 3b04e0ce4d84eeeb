package org.qsd4j.block.driver.vhdx;

import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.sys.Errno;

/**
 * What the metadata table tells. [MS-VHDX] 2.6.
 *
 * @param size of the disk in bytes
 * @param blockSize bytes of disk in a block, a power of two
 * @param chunkRatio how many words of the table stand for blocks before one that stands for a bitmap
 */
@Immutable
record VhdxMetadata(long size, long blockSize, long chunkRatio) {
    private static final int BYTES = 64 << 10;
    private static final int MAX_ENTRIES = 2047;
    private static final int ENTRY_BYTES = 32;
    private static final String FILE_PARAMETERS = "caa16737fa364d43b3b633f0aa44e76b";
    private static final String VIRTUAL_DISK_SIZE = "2fa54224cd1b4876b2115dbed83bf4b8";
    private static final String LOGICAL_SECTOR_SIZE = "8141bf1da96f4709ba47f233a8faab5f";
    private static final long MIB = 1 << 20;
    private static final long MAX_BLOCK = 256 << 20;
    private static final long MAX_SIZE = 64L << 40;
    private static final long SECTORS_IN_A_BITMAP_BLOCK = 1 << 23;
    private static final int HAS_PARENT = 2;

    static VhdxMetadata read(BlockChild file, VhdxRegions regions) {
        ImageHeader table = ImageHeader.read(file, regions.metadataOffset(), BYTES, ByteOrder.LITTLE_ENDIAN);
        require(file, table.has(0, "metadata") && table.u16(10) <= MAX_ENTRIES, Errno.EINVAL);
        Map<String, Long> items = new HashMap<>();
        for (int i = 0; i < table.u16(10); i++) {
            int at = (i + 1) * ENTRY_BYTES;
            items.put(VhdxGuid.at(table, at), regions.metadataOffset() + table.u32(at + 16));
        }
        ImageHeader parameters = item(file, items, FILE_PARAMETERS);
        require(file, (parameters.u32(4) & HAS_PARENT) == 0, Errno.ENOTSUP);
        long blockSize = parameters.u32(0);
        long size = item(file, items, VIRTUAL_DISK_SIZE).u64(0);
        long sectorSize = item(file, items, LOGICAL_SECTOR_SIZE).u32(0);
        require(file, Long.bitCount(blockSize) == 1 && blockSize >= MIB && blockSize <= MAX_BLOCK, Errno.EINVAL);
        require(file, sectorSize == 512 || sectorSize == 4096, Errno.EINVAL);
        require(file, size >= 0 && size <= MAX_SIZE && size % sectorSize == 0, Errno.EINVAL);
        return new VhdxMetadata(size, blockSize, SECTORS_IN_A_BITMAP_BLOCK * sectorSize / blockSize);
    }

    private static ImageHeader item(BlockChild file, Map<String, Long> items, String guid) {
        Long offset = items.get(guid);
        if (offset == null) {
            throw ImageHeader.couldNotOpen(file, Errno.ENOTSUP);
        }
        return ImageHeader.read(file, offset, 8, ByteOrder.LITTLE_ENDIAN);
    }

    private static void require(BlockChild file, boolean valid, int errno) {
        if (!valid) {
            throw ImageHeader.couldNotOpen(file, errno);
        }
    }
}

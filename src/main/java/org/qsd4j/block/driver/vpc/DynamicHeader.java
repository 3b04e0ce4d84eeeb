package org.qsd4j.block.driver.vpc;

import java.nio.ByteOrder;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.util.Align;

/**
 * The header of a dynamic image, big endian. QEMU: {@code VHDDynDiskHeader}.
 *
 * @param tableOffset where the block allocation table is, in bytes
 * @param blockSize bytes of data in a block, a power of two
 * @param bitmapSize bytes before a block's data that tell which of its sectors are in use
 */
@Immutable
record DynamicHeader(long tableOffset, long blockSize, long bitmapSize) {
    static final long NOT_ALLOCATED = 0xffffffffL;
    static final int SECTOR = 512;
    private static final int BYTES = 1024;
    private static final long MAX_ENTRIES = Integer.MAX_VALUE / 4;

    static DynamicHeader read(BlockChild file, VpcFooter footer) {
        if (footer.dataOffset() < 0 || footer.dataOffset() > BlockNode.MAX_LENGTH - BYTES) {
            throw ImageHeader.couldNotOpen(file, Errno.EINVAL);
        }
        ImageHeader header = ImageHeader.read(file, footer.dataOffset(), BYTES, ByteOrder.BIG_ENDIAN);
        if (!header.has(0, "cxsparse")) {
            throw QapiException.withErrno(Errno.EINVAL, "Invalid header magic");
        }
        long blockSize = header.u32(32);
        if (Long.bitCount(blockSize) != 1 || blockSize < SECTOR) {
            throw QapiException.withErrno(Errno.EINVAL, "Invalid block size %d", blockSize);
        }
        long entries = header.u32(28);
        if (entries > MAX_ENTRIES) {
            throw QapiException.withErrno(Errno.EINVAL, "Max Table Entries too large (%d)", entries);
        }
        if (entries * blockSize < footer.size()) {
            throw QapiException.withErrno(Errno.EINVAL, "Page table too small");
        }
        long bitmapSize = Align.up(blockSize / (8 * SECTOR), SECTOR);
        DynamicHeader dynamic = new DynamicHeader(header.u64(16), blockSize, bitmapSize);
        dynamic.requireBlocksInFile(file, entries);
        return dynamic;
    }

    private void requireBlocksInFile(BlockChild file, long entries) {
        if (tableOffset < 0 || tableOffset > BlockNode.MAX_LENGTH - (MAX_ENTRIES + SECTOR) * Integer.BYTES) {
            throw QapiException.withErrno(Errno.EIO, "Error reading pagetable");
        }
        long length = file.node().length();
        long end = Align.up(tableOffset + entries * Integer.BYTES, SECTOR);
        if (end > length || endOfBlocks(file, entries) > length) {
            throw QapiException.withErrno(
                    Errno.EINVAL,
                    "block-vpc: free_data_block_offset points after the end of file. The image has been truncated.");
        }
    }

    private long endOfBlocks(BlockChild file, long entries) {
        CachedTable table = new CachedTable(file);
        long end = 0;
        for (long i = 0; i < entries; i++) {
            long sector = table.be32(tableOffset + i * Integer.BYTES);
            if (sector == CachedTable.FAILED) {
                throw ImageHeader.couldNotOpen(file, Errno.EIO);
            }
            if (sector != NOT_ALLOCATED) {
                end = Math.max(end, sector * SECTOR + bitmapSize + blockSize);
            }
        }
        return end;
    }
}

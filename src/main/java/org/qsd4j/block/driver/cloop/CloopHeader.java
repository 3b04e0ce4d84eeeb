package org.qsd4j.block.driver.cloop;

import java.nio.ByteOrder;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/**
 * What stands behind the 128 bytes of script at the start, big endian; the offsets of the blocks follow.
 *
 * @param blockSize bytes of disk in a block
 */
@Immutable
record CloopHeader(int blockSize, long blocks) {
    static final int OFFSETS = 136;
    private static final int BLOCK_SIZE_AT = 128;
    private static final int SECTOR = 512;
    private static final int MAX_BLOCK_SIZE = 64 << 20;
    private static final long MAX_BLOCKS = 0xffffffffL / 8;
    private static final long MAX_OFFSETS_BYTES = 512L << 20;

    static CloopHeader read(BlockChild file) {
        ImageHeader header = ImageHeader.read(file, BLOCK_SIZE_AT, 8, ByteOrder.BIG_ENDIAN);
        long blockSize = header.u32(0);
        if (blockSize % SECTOR != 0) {
            throw invalid("block_size %d must be a multiple of 512", blockSize);
        }
        if (blockSize == 0) {
            throw invalid("block_size cannot be zero");
        }
        if (blockSize > MAX_BLOCK_SIZE) {
            throw invalid("block_size %d must be %d MB or less", blockSize, MAX_BLOCK_SIZE >> 20);
        }
        long blocks = header.u32(4);
        if (blocks > MAX_BLOCKS) {
            throw invalid("n_blocks %d must be %d or less", blocks, MAX_BLOCKS);
        }
        if ((blocks + 1) * Long.BYTES > MAX_OFFSETS_BYTES) {
            throw invalid("image requires too many offsets, try increasing block size");
        }
        checkOffsets(file, blocks);
        return new CloopHeader((int) blockSize, blocks);
    }

    private static void checkOffsets(BlockChild file, long blocks) {
        CachedTable offsets = new CachedTable(file);
        long previous = offsets.be64(OFFSETS);
        for (long i = 1; i <= blocks; i++) {
            long offset = offsets.be64(OFFSETS + i * Long.BYTES);
            if (Long.compareUnsigned(offset, previous) < 0) {
                throw invalid("offsets not monotonically increasing at index %d, image file is corrupt", i);
            }
            if (Long.compareUnsigned(offset - previous, 2L * MAX_BLOCK_SIZE) > 0) {
                throw invalid("invalid compressed block size at index %d, image file is corrupt", i);
            }
            previous = offset;
        }
    }

    private static QapiException invalid(String format, Object... args) {
        return QapiException.withErrno(Errno.EINVAL, format, args);
    }
}

package org.qsd4j.block.driver.vhdx;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.sys.Errno;

/** An open VHDX image: a table of 8-byte words, a state in the lowest bits, the block's place in the highest 44. */
final class VhdxNode extends SparseImageNode {
    private static final int STATE_MASK = 7;
    private static final int NOT_PRESENT = 0;
    private static final int UNDEFINED = 1;
    private static final int ZERO = 2;
    private static final int UNMAPPED = 3;
    private static final int UNMAPPED_V095 = 5;
    private static final int FULLY_PRESENT = 6;
    private static final long OFFSET_MASK = -1L << 20;

    private final long tableOffset;
    private final VhdxMetadata metadata;
    private final CachedTable table;

    VhdxNode(OpenRequest request, BlockChild file, long tableOffset, VhdxMetadata metadata) {
        super(request, file, metadata.size());
        this.tableOffset = tableOffset;
        this.metadata = metadata;
        this.table = new CachedTable(file);
        limits().requestAlignment = 512;
    }

    @Override
    protected long clusterSize() {
        return metadata.blockSize();
    }

    @Override
    protected int map(long offset, long bytes, Extent extent) {
        long block = offset / metadata.blockSize();
        long inBlock = offset % metadata.blockSize();
        long run = metadata.blockSize() - inBlock;
        long word = table.le64(tableOffset + (block + block / metadata.chunkRatio()) * Long.BYTES);
        if (word == CachedTable.FAILED) {
            return -Errno.EIO;
        }
        switch ((int) word & STATE_MASK) {
            case NOT_PRESENT, UNDEFINED, ZERO, UNMAPPED, UNMAPPED_V095 -> extent.setZero(run);
            case FULLY_PRESENT -> extent.setData(file(), (word & OFFSET_MASK) + inBlock, run);
            default -> {
                return -Errno.EIO;
            }
        }
        return 0;
    }
}

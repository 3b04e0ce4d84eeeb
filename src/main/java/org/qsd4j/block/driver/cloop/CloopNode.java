package org.qsd4j.block.driver.cloop;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.sys.Errno;

/** An open compressed loop image: blocks of equal size, each a zlib stream. */
final class CloopNode extends SparseImageNode {
    private final int blockSize;
    private final CachedTable offsets;

    CloopNode(OpenRequest request, BlockChild file, CloopHeader header) {
        super(request, file, header.blocks() * header.blockSize());
        this.blockSize = header.blockSize();
        this.offsets = new CachedTable(file);
        limits().requestAlignment = 512;
    }

    @Override
    protected int map(long offset, long bytes, Extent extent) {
        long word = CloopHeader.OFFSETS + offset / blockSize * Long.BYTES;
        long start = offsets.be64(word);
        long end = offsets.be64(word + Long.BYTES);
        if (start == CachedTable.FAILED || end == CachedTable.FAILED) {
            return -Errno.EIO;
        }
        int inBlock = (int) (offset % blockSize);
        extent.setCompressed(Extent.ZLIB, file(), start, (int) (end - start), blockSize, inBlock, blockSize - inBlock);
        return 0;
    }
}

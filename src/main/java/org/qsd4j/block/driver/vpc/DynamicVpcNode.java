package org.qsd4j.block.driver.vpc;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.sys.Errno;

/** An open dynamic image: blocks that its table finds. */
final class DynamicVpcNode extends SparseImageNode {
    private final DynamicHeader header;
    private final CachedTable table;

    DynamicVpcNode(OpenRequest request, BlockChild file, long size, DynamicHeader header) {
        super(request, file, size);
        this.header = header;
        this.table = new CachedTable(file);
    }

    @Override
    protected long clusterSize() {
        return header.blockSize();
    }

    @Override
    protected int map(long offset, long bytes, Extent extent) {
        long inBlock = offset % header.blockSize();
        long run = header.blockSize() - inBlock;
        long sector = table.be32(header.tableOffset() + offset / header.blockSize() * Integer.BYTES);
        if (sector == CachedTable.FAILED) {
            return -Errno.EIO;
        }
        if (sector == DynamicHeader.NOT_ALLOCATED) {
            extent.setUnallocated(run);
        } else {
            extent.setData(file(), sector * DynamicHeader.SECTOR + header.bitmapSize() + inBlock, run);
        }
        return 0;
    }
}

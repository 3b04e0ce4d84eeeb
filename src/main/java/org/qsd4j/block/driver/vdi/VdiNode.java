package org.qsd4j.block.driver.vdi;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.sys.Errno;

/** An open VDI image. Its map has a 4-byte word for each block of 1 MiB. */
final class VdiNode extends SparseImageNode {
    /** From here on there is no such block: never written, or discarded. */
    private static final long NOT_ALLOCATED = 0xfffffffeL;

    private final VdiHeader header;
    private final CachedTable map;

    VdiNode(OpenRequest request, BlockChild file, VdiHeader header) {
        super(request, file, header.diskSize());
        this.header = header;
        this.map = new CachedTable(file);
    }

    @Override
    protected long clusterSize() {
        return VdiHeader.BLOCK_SIZE;
    }

    @Override
    protected int dataStatus() {
        return header.isStatic() ? BlockStatus.RECURSE : 0;
    }

    @Override
    protected int map(long offset, long bytes, Extent extent) {
        long inBlock = offset % VdiHeader.BLOCK_SIZE;
        long run = VdiHeader.BLOCK_SIZE - inBlock;
        long block = map.le32(header.mapOffset() + offset / VdiHeader.BLOCK_SIZE * Integer.BYTES);
        if (block == CachedTable.FAILED) {
            return -Errno.EIO;
        }
        if (block >= NOT_ALLOCATED) {
            extent.setUnallocated(run);
        } else {
            extent.setData(file(), header.dataOffset() + block * VdiHeader.BLOCK_SIZE + inBlock, run);
        }
        return 0;
    }
}

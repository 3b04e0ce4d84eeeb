package org.qsd4j.block.driver.vpc;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.block.sparse.SparseImageNode;

/** An open fixed image: the disk as it is, and a footer. */
final class FixedVpcNode extends SparseImageNode {
    FixedVpcNode(OpenRequest request, BlockChild file, long size) {
        super(request, file, size);
    }

    @Override
    protected int dataStatus() {
        return BlockStatus.RECURSE;
    }

    @Override
    protected int map(long offset, long bytes, Extent extent) {
        extent.setData(file(), offset, length() - offset);
        return 0;
    }
}

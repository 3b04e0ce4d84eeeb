package org.qsd4j.block.driver.parallels;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.DriverInfo;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.sys.Errno;

/** An open Parallels image. Its table, right behind the header, has a 4-byte word for each cluster. */
final class ParallelsNode extends SparseImageNode {
    private final ParallelsHeader header;
    private final CachedTable table;

    ParallelsNode(OpenRequest request, BlockChild file, ParallelsHeader header) {
        super(request, file, header.size());
        this.header = header;
        this.table = new CachedTable(file);
        limits().requestAlignment = 512;
    }

    /** The real one tells nothing either. */
    @Override
    public @Nullable DriverInfo driverInfo() {
        return null;
    }

    @Override
    protected int map(long offset, long bytes, Extent extent) {
        long cluster = offset / header.clusterSize();
        long inCluster = offset % header.clusterSize();
        long run = header.clusterSize() - inCluster;
        long entry = cluster < header.entries() ? table.le32(ParallelsHeader.BYTES + cluster * Integer.BYTES) : 0;
        if (entry == CachedTable.FAILED) {
            return -Errno.EIO;
        }
        if (entry == 0) {
            extent.setUnallocated(run);
        } else {
            extent.setData(file(), entry * header.entryUnit() + inCluster, run);
        }
        return 0;
    }
}

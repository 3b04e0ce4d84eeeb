package org.qsd4j.block.driver.qed;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.qapi.gen.ImageInfo;
import org.qsd4j.sys.Errno;
import org.qsd4j.util.Align;

/** An open QED image: two levels of tables of 8-byte words. */
final class QedNode extends SparseImageNode {
    private static final long ZERO_CLUSTER = 1;

    private final QedHeader header;
    private final CachedTable tables;

    QedNode(OpenRequest request, BlockChild file, QedHeader header) {
        super(request, file, header.size());
        this.header = header;
        this.tables = new CachedTable(file);
        limits().requestAlignment = 512;
        limits().pwriteZeroesAlignment = (int) header.clusterSize();
        limits().maxPwriteZeroes = Align.down(Integer.MAX_VALUE, header.clusterSize());
    }

    @Override
    protected long clusterSize() {
        return header.clusterSize();
    }

    @Override
    protected int map(long offset, long bytes, Extent extent) {
        long clusterSize = header.clusterSize();
        long inCluster = offset % clusterSize;
        long run = clusterSize - inCluster;
        long cluster = offset / clusterSize;
        long table = tables.le64(header.l1Offset() + cluster / header.tableEntries() * Long.BYTES);
        long entry = table == 0 ? 0 : tables.le64(table + cluster % header.tableEntries() * Long.BYTES);
        if (isInvalid(table) || (entry != ZERO_CLUSTER && isInvalid(entry))) {
            return -Errno.EINVAL;
        }
        if (entry == 0) {
            extent.setUnallocated(run);
        } else if (entry == ZERO_CLUSTER) {
            extent.setZero(run);
        } else {
            extent.setData(file(), entry + inCluster, run);
        }
        return 0;
    }

    private boolean isInvalid(long offset) {
        return offset < 0
                || offset % header.clusterSize() != 0
                || offset >= file().node().length();
    }

    @Override
    protected void describe(ImageInfo.Builder info) {
        describeBacking(info, header.backingFile(), header.backingFormat());
    }
}

package org.qsd4j.block.driver.qcow;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.qapi.gen.ImageInfo;
import org.qsd4j.sys.Errno;

/** An open qcow image: two levels of tables of 8-byte words. */
final class QcowNode extends SparseImageNode {
    private static final long COMPRESSED = 1L << 63;
    private static final int SECTOR = 512;

    private final QcowHeader header;
    private final CachedTable tables;
    private final long clusterSize;

    QcowNode(OpenRequest request, BlockChild file, QcowHeader header) {
        super(request, file, header.size());
        this.header = header;
        this.tables = new CachedTable(file);
        this.clusterSize = 1L << header.clusterBits();
        limits().requestAlignment = SECTOR;
    }

    @Override
    protected long clusterSize() {
        return clusterSize;
    }

    @Override
    protected int map(long offset, long bytes, Extent extent) {
        int inCluster = (int) (offset & (clusterSize - 1));
        long run = clusterSize - inCluster;
        long table =
                tables.be64(header.l1Offset() + (offset >>> (header.clusterBits() + header.l2Bits())) * Long.BYTES);
        long index = (offset >>> header.clusterBits()) & ((1L << header.l2Bits()) - 1);
        long entry = table == 0 ? 0 : tables.be64(table + index * Long.BYTES);
        if (table == CachedTable.FAILED || entry == CachedTable.FAILED) {
            return -Errno.EIO;
        }
        if (entry == 0) {
            extent.setUnallocated(run);
        } else if ((entry & COMPRESSED) != 0) {
            setCompressed(entry, inCluster, run, extent);
        } else if (entry % SECTOR != 0) {
            return -Errno.EIO;
        } else {
            extent.setData(file(), entry + inCluster, run);
        }
        return 0;
    }

    /** The word's highest bits below the flag are the chunk's size, the others its place. */
    private void setCompressed(long entry, int inCluster, long run, Extent extent) {
        int shift = 63 - header.clusterBits();
        long hostOffset = entry & ((1L << shift) - 1);
        int chunkBytes = (int) (entry >>> shift) & (int) (clusterSize - 1);
        extent.setCompressed(Extent.DEFLATE, file(), hostOffset, chunkBytes, (int) clusterSize, inCluster, run);
    }

    @Override
    protected void describe(ImageInfo.Builder info) {
        describeBacking(info, header.backingFile(), null);
    }
}

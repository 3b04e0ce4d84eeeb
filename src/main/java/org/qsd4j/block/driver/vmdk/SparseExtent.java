package org.qsd4j.block.driver.vmdk;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.qapi.gen.VmdkExtentInfo;
import org.qsd4j.sys.Errno;

/** Grains that a directory of tables of 4-byte words finds. */
final class SparseExtent implements VmdkExtent {
    private static final int SECTOR = 512;
    private static final int MARKER_BYTES = 12;
    private static final int MARKER_SIZE_OFFSET = 8;
    private static final long ZERO_GRAIN = 1;

    private final BlockChild file;
    private final String type;
    private final SparseHeader header;
    private final CachedTable tables;

    SparseExtent(BlockChild file, String type, SparseHeader header) {
        this.file = file;
        this.type = type;
        this.header = header;
        this.tables = new CachedTable(file);
    }

    @Override
    public BlockChild file() {
        return file;
    }

    @Override
    public long size() {
        return header.size();
    }

    @Override
    public long clusterSize() {
        return header.grainSize();
    }

    @Override
    public int map(long offset, Extent extent) {
        long grain = offset / header.grainSize();
        int inGrain = (int) (offset % header.grainSize());
        long run = header.grainSize() - inGrain;
        long table = tables.le32(header.directoryOffset() + grain / header.tableEntries() * Integer.BYTES);
        long entry = table == 0 ? 0 : tables.le32(table * SECTOR + grain % header.tableEntries() * Integer.BYTES);
        if (table == CachedTable.FAILED || entry == CachedTable.FAILED) {
            return -Errno.EIO;
        }
        if (entry == 0) {
            extent.setUnallocated(run);
        } else if (entry == ZERO_GRAIN && header.hasZeroGrains()) {
            extent.setZero(run);
        } else if (header.isCompressed()) {
            return mapCompressed(entry * SECTOR, inGrain, run, extent);
        } else {
            extent.setData(file, entry * SECTOR + inGrain, run);
        }
        return 0;
    }

    private int mapCompressed(long hostOffset, int inGrain, long run, Extent extent) {
        int grainSize = (int) header.grainSize();
        long chunkBytes = 2L * grainSize;
        long start = hostOffset;
        if (header.hasMarkers()) {
            chunkBytes = tables.le32(hostOffset + MARKER_SIZE_OFFSET);
            start += MARKER_BYTES;
        }
        if (chunkBytes < 1 || chunkBytes > 2L * grainSize) {
            return -Errno.EINVAL;
        }
        extent.setCompressed(Extent.ZLIB, file, start, (int) chunkBytes, grainSize, inGrain, run);
        return 0;
    }

    @Override
    public VmdkExtentInfo info() {
        return VmdkExtentInfo.builder()
                .filename(file.node().filename())
                .format(type)
                .virtualSize(size())
                .compressed(header.isCompressed() ? true : null)
                .clusterSize(header.grainSize())
                .build();
    }
}

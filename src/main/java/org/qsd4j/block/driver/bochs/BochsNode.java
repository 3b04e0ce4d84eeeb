package org.qsd4j.block.driver.bochs;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.sys.Errno;

/** An open Bochs image: extents in the order in which they were first written, each behind a bitmap of its sectors. */
final class BochsNode extends SparseImageNode {
    private static final int SECTOR = BochsHeader.SECTOR;
    private static final long NOT_ALLOCATED = 0xffffffffL;

    private final BochsHeader header;
    private final CachedTable tables;
    private final long dataOffset;
    private final long bytesPerExtent;

    BochsNode(OpenRequest request, BlockChild file, BochsHeader header) {
        super(request, file, header.size());
        this.header = header;
        this.tables = new CachedTable(file);
        this.dataOffset = header.catalogOffset() + header.catalogSize() * Integer.BYTES;
        this.bytesPerExtent = header.extentSize() + header.bitmapBlocks() * SECTOR;
        limits().requestAlignment = SECTOR;
    }

    @Override
    protected int map(long offset, long bytes, Extent extent) {
        long entry = tables.le32(header.catalogOffset() + offset / header.extentSize() * Integer.BYTES);
        if (entry == CachedTable.FAILED) {
            return -Errno.EIO;
        }
        long inExtent = offset % header.extentSize();
        if (entry == NOT_ALLOCATED) {
            extent.setUnallocated(header.extentSize() - inExtent);
            return 0;
        }
        return mapSectors(dataOffset + entry * bytesPerExtent, inExtent, bytes, extent);
    }

    /** The run of sectors that are all in use, or all not. */
    private int mapSectors(long bitmapOffset, long inExtent, long bytes, Extent extent) {
        long end = Math.min(inExtent + bytes, header.extentSize());
        long first = bit(bitmapOffset, inExtent);
        long at = inExtent - inExtent % SECTOR + SECTOR;
        while (at < end && bit(bitmapOffset, at) == first) {
            at += SECTOR;
        }
        if (first == CachedTable.FAILED) {
            return -Errno.EIO;
        }
        if (first == 0) {
            extent.setUnallocated(at - inExtent);
        } else {
            extent.setData(file(), bitmapOffset + header.bitmapBlocks() * SECTOR + inExtent, at - inExtent);
        }
        return 0;
    }

    private long bit(long bitmapOffset, long inExtent) {
        long sector = inExtent / SECTOR;
        long bits = tables.byteAt(bitmapOffset + sector / 8);
        return bits == CachedTable.FAILED ? CachedTable.FAILED : bits >> (sector % 8) & 1;
    }
}

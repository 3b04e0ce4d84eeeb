package org.qsd4j.block.driver.dmg;

import java.util.List;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.sys.Errno;

/** An open dmg image. */
final class DmgNode extends SparseImageNode {
    private final List<DmgChunks.Chunk> chunks;

    DmgNode(OpenRequest request, BlockChild file, List<DmgChunks.Chunk> chunks, long size) {
        super(request, file, size);
        this.chunks = chunks;
        limits().requestAlignment = 512;
    }

    @Override
    protected int map(long offset, long bytes, Extent extent) {
        int index = lastNotBehind(offset);
        DmgChunks.Chunk chunk = index < 0 ? null : chunks.get(index);
        if (chunk == null || offset - chunk.offset() >= chunk.bytes()) {
            return -Errno.EIO;
        }
        long inChunk = offset - chunk.offset();
        long run = chunk.bytes() - inChunk;
        if (chunk.type() == DmgChunks.ZERO || chunk.type() == DmgChunks.IGNORE) {
            extent.setZero(run);
        } else if (chunk.type() == DmgChunks.RAW) {
            extent.setData(file(), chunk.hostOffset() + inChunk, run);
        } else if (chunk.type() == DmgChunks.ZLIB) {
            extent.setCompressed(
                    Extent.ZLIB,
                    file(),
                    chunk.hostOffset(),
                    (int) chunk.hostBytes(),
                    (int) chunk.bytes(),
                    (int) inChunk,
                    run);
        } else {
            return -Errno.EIO;
        }
        return 0;
    }

    /** The last chunk that begins at or before an offset; -1 if there is none. */
    private int lastNotBehind(long offset) {
        int low = 0;
        int high = chunks.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (chunks.get(middle).offset() <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }
}

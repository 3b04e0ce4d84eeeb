package org.qsd4j.block.sparse;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** The chunk of an image that was decompressed last, so that a sequential reader decompresses each of them once. */
@ThreadSafe
final class DecompressedChunk {
    private static final byte[] NOTHING = {};
    private static final int PIECE = 1 << 16;

    private byte[] contents = NOTHING;
    private long hostOffset = -1;
    private @Nullable BlockChild file;
    private final NativeBuffer piece = NativeBuffer.allocate(PIECE);
    private final byte[] input = new byte[PIECE];

    /** Copies a part of the extent's chunk; 0 or -errno. */
    synchronized int read(Extent extent, NativeBuffer buffer, int at, int bytes) {
        if (hostOffset != extent.hostOffset() || file != extent.file() || contents.length != extent.chunkSize()) {
            hostOffset = -1;
            int result = load(extent);
            if (result < 0) {
                return result;
            }
            hostOffset = extent.hostOffset();
            file = extent.file();
        }
        buffer.put(at, contents, extent.inChunk(), bytes);
        return 0;
    }

    private int load(Extent extent) {
        if (contents.length != extent.chunkSize()) {
            // Never both of them at once.
            contents = NOTHING;
            contents = new byte[extent.chunkSize()];
        }
        Inflater inflater = new Inflater(extent.kind() == Extent.DEFLATE);
        try {
            return inflate(inflater, extent);
        } catch (DataFormatException e) {
            return -Errno.EIO;
        } finally {
            inflater.end();
        }
    }

    private int inflate(Inflater inflater, Extent extent) throws DataFormatException {
        BlockChild source = extent.file();
        long from = extent.hostOffset();
        long end = from + extent.chunkBytes();
        if (from < 0 || end < 0 || end > BlockNode.MAX_LENGTH) {
            return -Errno.EIO;
        }
        int size = contents.length;
        int done = 0;
        while (done < size && !inflater.finished()) {
            if (inflater.needsInput()) {
                int bytes = (int) Math.min(PIECE, end - from);
                int result = bytes == 0 ? -Errno.EIO : source.read(from, piece, 0, bytes);
                if (result < 0) {
                    return result;
                }
                piece.get(0, input, 0, bytes);
                inflater.setInput(input, 0, bytes);
                from += bytes;
            }
            int more = inflater.inflate(contents, done, size - done);
            if (more == 0 && inflater.needsDictionary()) {
                return -Errno.EIO;
            }
            done += more;
        }
        Arrays.fill(contents, done, size, (byte) 0);
        return done == 0 ? -Errno.EIO : 0;
    }
}

package org.qsd4j.block.driver.qcow2;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** Tables of 8-byte big-endian words in the image file, read and written piece by piece. Results are 0 or -errno. */
final class TableIo {
    private static final int CHUNK = 1 << 20;

    private TableIo() {}

    /** Like a read of the child, but EIO beyond the largest offset that a file can have. */
    static int read(BlockChild file, long offset, NativeBuffer buffer, int at, int bytes) {
        if (offset < 0 || offset > BlockNode.MAX_LENGTH - bytes) {
            return -Errno.EIO;
        }
        return file.read(offset, buffer, at, bytes);
    }

    static int readWords(BlockChild file, long offset, long[] words) {
        int total = words.length;
        NativeBuffer buffer = NativeBuffer.allocate(Math.max(512, Math.min(CHUNK, total * Long.BYTES)));
        int perChunk = buffer.capacity() / Long.BYTES;
        for (int first = 0; first < total; first += perChunk) {
            int count = Math.min(perChunk, total - first);
            int result = read(file, offset + (long) first * Long.BYTES, buffer, 0, count * Long.BYTES);
            if (result < 0) {
                return result;
            }
            for (int i = 0; i < count; i++) {
                words[first + i] = buffer.getLongBE(i * Long.BYTES);
            }
        }
        return 0;
    }

    /** Writes words {@code from} up to, not including, {@code end} to {@code offset}. */
    static int writeWords(BlockChild file, long offset, long[] words, int from, int end) {
        NativeBuffer buffer = NativeBuffer.allocate(Math.max(512, Math.min(CHUNK, (end - from) * Long.BYTES)));
        int perChunk = buffer.capacity() / Long.BYTES;
        for (int first = from; first < end; first += perChunk) {
            int count = Math.min(perChunk, end - first);
            for (int i = 0; i < count; i++) {
                buffer.putLongBE(i * Long.BYTES, words[first + i]);
            }
            int result = file.write(offset + (long) (first - from) * Long.BYTES, buffer, 0, count * Long.BYTES, 0);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }
}

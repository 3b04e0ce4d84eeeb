package org.qsd4j.block;

import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * Requests that a driver can't take as they come: behind the end, unaligned, too long. They are padded, bounced and split
 * here, away from the path of the common request.
 */
final class UnfitRequest {
    private static final int ZERO_CHUNK = 1 << 20;

    private UnfitRequest() {}

    static int read(BlockNode node, long offset, NativeBuffer buffer, int at, int bytes) {
        int inside = (int) Math.max(0, Math.min(bytes, node.length() - offset));
        buffer.zero(at + inside, bytes - inside);
        return inside == 0 ? 0 : node.doRead(offset, buffer, at, inside);
    }

    static int write(BlockNode node, long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        return -Errno.EINVAL;
    }

    static int writeZeroes(BlockNode node, long offset, long bytes, int flags) {
        int result = node.doWriteZeroes(offset, bytes, flags);
        if (result != -Errno.ENOTSUP || (flags & RequestFlags.NO_FALLBACK) != 0) {
            return result;
        }
        NativeBuffer zeroes = NativeBuffer.allocate((int) Math.min(bytes, ZERO_CHUNK));
        for (long done = 0; done < bytes; done += ZERO_CHUNK) {
            int chunk = (int) Math.min(bytes - done, ZERO_CHUNK);
            result = node.write(offset + done, zeroes, 0, chunk, flags & RequestFlags.FUA);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }
}

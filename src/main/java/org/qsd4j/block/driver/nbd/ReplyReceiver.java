package org.qsd4j.block.driver.nbd;

import org.jspecify.annotations.Nullable;
import org.qsd4j.nbd.NbdChannel;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.nbd.wire.ReplyHeader;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * Takes replies from the server, one message at a time, and believes nothing: what doesn't fit the request that it claims
 * to answer is a violation. One thread at a time.
 */
final class ReplyReceiver {
    /** The server has broken the protocol: nothing that it says can be trusted any more. */
    static final int VIOLATION = -Errno.EPROTO;

    private static final int SCRATCH = 64 << 10;

    /** Finds the request that a cookie belongs to. */
    interface Requests {
        @Nullable
        ClientRequest find(long cookie);
    }

    private final NbdChannel channel;
    private final ServerInfo server;
    private final Requests requests;
    private final NativeBuffer in = NativeBuffer.allocate(SCRATCH);
    private int position;
    private int limit;

    /** The request that the last message has completed, or null. */
    private @Nullable ClientRequest completed;

    ReplyReceiver(NbdChannel channel, ServerInfo server, Requests requests) {
        this.channel = channel;
        this.server = server;
        this.requests = requests;
    }

    @Nullable
    ClientRequest completed() {
        return completed;
    }

    /** Waits for one message: 0, or -errno for the end of the connection. */
    int receive() {
        completed = null;
        int result = require(ReplyHeader.SIMPLE_SIZE);
        if (result < 0) {
            return result;
        }
        int magic = ReplyHeader.magic(in, position);
        if (magic == Nbd.NBD_SIMPLE_REPLY_MAGIC && !server.extended()) {
            return simple();
        }
        boolean fits = magic == (server.extended() ? Nbd.NBD_EXTENDED_REPLY_MAGIC : Nbd.NBD_STRUCTURED_REPLY_MAGIC);
        return fits && server.structured() ? chunk() : VIOLATION;
    }

    private int simple() {
        int error = ReplyHeader.error(in, position);
        ClientRequest request = requests.find(ReplyHeader.cookie(in, position));
        position += ReplyHeader.SIMPLE_SIZE;
        if (request == null) {
            return VIOLATION;
        }
        if (error != 0) {
            request.fail(errno(error));
        } else if (request.type == Nbd.NBD_CMD_READ) {
            NativeBuffer data = request.data;
            if (server.structured() || data == null) {
                return VIOLATION;
            }
            int result = payload(data, request.at, (int) request.length);
            if (result < 0) {
                return result;
            }
            request.received = request.length;
        } else if (request.type == Nbd.NBD_CMD_BLOCK_STATUS) {
            return VIOLATION;
        }
        completed = request;
        return 0;
    }

    private int chunk() {
        int size = server.extended() ? ReplyHeader.EXTENDED_SIZE : ReplyHeader.STRUCTURED_SIZE;
        int result = require(size);
        if (result < 0) {
            return result;
        }
        int flags = ReplyHeader.flags(in, position);
        int type = ReplyHeader.type(in, position);
        long length = ReplyHeader.length(in, position, server.extended());
        ClientRequest request = requests.find(ReplyHeader.cookie(in, position));
        position += size;
        if (request == null || length < 0 || length > Nbd.NBD_MAX_BUFFER_SIZE + 8) {
            return VIOLATION;
        }
        boolean last = (flags & Nbd.NBD_REPLY_FLAG_DONE) != 0;
        result = chunk(request, type, (int) length, last);
        if (result == 0 && last) {
            completed = request;
        }
        return result;
    }

    private int chunk(ClientRequest request, int type, int length, boolean last) {
        return switch (type) {
            case Nbd.NBD_REPLY_TYPE_NONE -> length == 0 && last ? 0 : VIOLATION;
            case Nbd.NBD_REPLY_TYPE_OFFSET_DATA -> data(request, length);
            case Nbd.NBD_REPLY_TYPE_OFFSET_HOLE -> hole(request, length);
            case Nbd.NBD_REPLY_TYPE_BLOCK_STATUS, Nbd.NBD_REPLY_TYPE_BLOCK_STATUS_EXT ->
                status(request, length, type == Nbd.NBD_REPLY_TYPE_BLOCK_STATUS_EXT);
            default -> (type & 0x8000) != 0 ? error(request, length) : VIOLATION;
        };
    }

    private int data(ClientRequest request, int length) {
        if (length <= 8 || require(8) < 0) {
            return VIOLATION;
        }
        long offset = in.getLongBE(position);
        position += 8;
        int bytes = length - 8;
        NativeBuffer data = request.data;
        if (data == null || isOutside(request, offset, bytes)) {
            return VIOLATION;
        }
        request.received += bytes;
        return payload(data, request.at + (int) (offset - request.offset), bytes);
    }

    private int hole(ClientRequest request, int length) {
        if (length != 12 || require(12) < 0) {
            return VIOLATION;
        }
        long offset = in.getLongBE(position);
        int bytes = in.getIntBE(position + 8);
        position += 12;
        NativeBuffer data = request.data;
        if (data == null || bytes <= 0 || isOutside(request, offset, bytes)) {
            return VIOLATION;
        }
        request.received += bytes;
        data.zero(request.at + (int) (offset - request.offset), bytes);
        return 0;
    }

    private static boolean isOutside(ClientRequest request, long offset, int bytes) {
        long from = offset - request.offset;
        return request.type != Nbd.NBD_CMD_READ || from < 0 || from > request.length - bytes;
    }

    /** Only the first extent is of use: the block layer asks again for the rest. */
    private int status(ClientRequest request, int length, boolean extended) {
        int head = extended ? 8 : 4;
        int extent = extended ? 16 : 8;
        if (request.type != Nbd.NBD_CMD_BLOCK_STATUS || extended != server.extended() || length < head + extent) {
            return VIOLATION;
        }
        int result = require(head + extent);
        if (result < 0) {
            return result;
        }
        long bytes = extended ? in.getLongBE(position + 8) : in.getIntBE(position + 4) & 0xffff_ffffL;
        if (in.getIntBE(position) != server.contextId() || bytes <= 0 || request.extentBytes != 0) {
            return VIOLATION;
        }
        request.extentBytes = Math.min(bytes, request.length);
        request.extentFlags = extended ? in.getLongBE(position + 16) : in.getIntBE(position + 8);
        position += head + extent;
        return skip(length - head - extent);
    }

    private int error(ClientRequest request, int length) {
        if (length < 6 || require(6) < 0) {
            return VIOLATION;
        }
        int error = in.getIntBE(position);
        position += 6;
        if (error == 0) {
            return VIOLATION;
        }
        request.fail(errno(error));
        return skip(length - 6);
    }

    private static int errno(int error) {
        return switch (error) {
            case Nbd.NBD_EPERM -> Errno.EPERM;
            case Nbd.NBD_EIO -> Errno.EIO;
            case Nbd.NBD_ENOMEM -> Errno.ENOMEM;
            case Nbd.NBD_ENOSPC -> Errno.ENOSPC;
            case Nbd.NBD_EOVERFLOW -> Errno.EOVERFLOW;
            case Nbd.NBD_ENOTSUP -> Errno.ENOTSUP;
            case Nbd.NBD_ESHUTDOWN -> Errno.ESHUTDOWN;
            default -> Errno.EINVAL;
        };
    }

    /** Makes sure that {@code bytes} lie at {@link #position}. */
    private int require(int bytes) {
        if (limit - position >= bytes) {
            return 0;
        }
        in.copyFrom(0, in, position, limit - position);
        limit -= position;
        position = 0;
        while (limit < bytes) {
            int got = channel.receive(in, limit, SCRATCH - limit);
            if (got <= 0) {
                return got == 0 ? -Errno.ECONNRESET : got;
            }
            limit += got;
        }
        return 0;
    }

    private int payload(NativeBuffer into, int at, int bytes) {
        int buffered = Math.min(bytes, limit - position);
        into.copyFrom(at, in, position, buffered);
        position += buffered;
        return channel.receiveAll(into, at + buffered, bytes - buffered);
    }

    private int skip(int bytes) {
        for (int left = bytes; left > 0; ) {
            int piece = Math.min(left, SCRATCH);
            int result = require(piece);
            if (result < 0) {
                return result;
            }
            position += piece;
            left -= piece;
        }
        return 0;
    }
}

package org.qsd4j.export.nbd;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.sys.NativeBuffer;

/**
 * A request from its header to its reply. Slots are reused, so that serving allocates nothing. Owned by the reader until
 * it is handed to a worker, then by that worker until the reply is out.
 */
final class RequestSlot {
    /** Longer reads and writes go through the buffer in pieces, where the protocol lets them. */
    static final int BUFFER_BYTES = 2 << 20;

    private final BufferPool pool;

    int magic;
    int type;
    int flags;
    long cookie;

    /** Unsigned 64 bits as they came, until checked. */
    long offset;

    /** Bytes that the request is about; unsigned 64 bits as they came, until checked. */
    long length;

    /** Bytes that follow the header on the wire. */
    int payload;

    /** BLOCK_STATUS with a payload: the contexts asked for, as a bit mask of ids; otherwise all that are granted. */
    long contexts;

    /** How long the block layer has been at it. */
    long serviceNanos;

    /** Served by a worker: its reply is sent at once, not when the reader has nothing else to do. */
    boolean handedOff;

    /** NBD_SUCCESS, or what is wrong with the request. */
    int error;

    String errorText = "";

    private @Nullable NativeBuffer data;

    final BlockStatus status = new BlockStatus();

    /** Next in a worker's queue, or next free. */
    @Nullable
    RequestSlot next;

    RequestSlot(BufferPool pool) {
        this.pool = pool;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    boolean isWrite() {
        return type == Nbd.NBD_CMD_WRITE;
    }

    /** The slot's buffer with room for at least {@code bytes}; contents are lost when it grows. */
    NativeBuffer data(int bytes) {
        NativeBuffer buffer = pool.ensure(data, bytes);
        data = buffer;
        return buffer;
    }

    void fail(int nbdError, String text) {
        error = nbdError;
        errorText = text;
    }

    void releaseBuffer() {
        pool.release(data);
        data = null;
    }
}

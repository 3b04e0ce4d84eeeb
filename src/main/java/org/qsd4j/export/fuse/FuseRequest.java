package org.qsd4j.export.fuse;

import org.qsd4j.aio.IoThreadConfined;
import org.qsd4j.export.fuse.wire.FuseInHeader;
import org.qsd4j.sys.NativeBuffer;

/**
 * One place for a request and its reply, used again and again by the queue that owns it. Where the parts lie depends on
 * how they come and go; what answers a request sees only this.
 */
@IoThreadConfined
final class FuseRequest {
    /** No reply goes back: FORGET and its kind. */
    static final int NO_REPLY = Integer.MIN_VALUE;

    final NativeBuffer memory;

    /** struct fuse_in_header. */
    final int headerAt;

    /** The operation's own structure, {@link #argumentBytes} long. */
    final int argumentAt;

    int argumentBytes;

    /**
     * Data of a WRITE, {@link #payloadBytes} long, and later what follows the header of the reply. On a page, so that
     * O_DIRECT takes it.
     */
    final int payloadAt;

    int payloadBytes;

    FuseRequest(NativeBuffer memory, int headerAt, int argumentAt, int payloadAt) {
        this.memory = memory;
        this.headerAt = headerAt;
        this.argumentAt = argumentAt;
        this.payloadAt = payloadAt;
    }

    int opcode() {
        return FuseInHeader.opcode(memory, headerAt);
    }

    /** How much the reply can hold behind its header. */
    int replyCapacity() {
        return memory.capacity() - payloadAt;
    }
}

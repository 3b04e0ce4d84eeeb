package org.qsd4j.export.fuse;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThreadConfined;
import org.qsd4j.export.fuse.wire.FuseInHeader;
import org.qsd4j.export.fuse.wire.FuseOpcode;
import org.qsd4j.export.fuse.wire.FuseOutHeader;
import org.qsd4j.export.fuse.wire.FuseUringCommand;
import org.qsd4j.export.fuse.wire.FuseUringHeader;
import org.qsd4j.sys.IoUring;
import org.qsd4j.sys.MappedMemory;
import org.qsd4j.sys.NativeBuffer;

/**
 * Room for one request of one processor, lent to the kernel until a request is in it.
 *
 * <pre>
 * memory:   0 struct fuse_uring_req_header   512 struct iovec[2]   4096 payload of request and reply
 * </pre>
 */
@IoThreadConfined
final class FuseRingEntry {
    private static final int HEADER_AT = 0;
    private static final int IOVECS_AT = 512;
    private static final int IOVEC_SIZE = 16;
    private static final int PAYLOAD_AT = NativeBuffer.ALIGNMENT;

    final FuseRequest request;

    /** Which of its ring's entries. */
    final int index;

    /** What a worker leaves for the ring: see {@link FuseDispatch#handle}, and whether that had to wait. */
    int result;

    boolean waited;

    /** In the list of those that workers have done. */
    @Nullable
    FuseRingEntry next;

    private @Nullable FuseRing ring;
    private final MappedMemory mapped;
    private final int processor;

    /**
     * @param payloadBytes the biggest payload that the kernel may send or want
     * @throws OutOfMemoryError if the kernel refuses the memory
     */
    FuseRingEntry(int index, int processor, int payloadBytes) {
        this.index = index;
        this.processor = processor;
        this.mapped = MappedMemory.map(PAYLOAD_AT + payloadBytes);
        NativeBuffer memory = mapped.buffer();
        this.request = new FuseRequest(
                memory, HEADER_AT + FuseUringHeader.IN_OUT, HEADER_AT + FuseUringHeader.OP_IN, PAYLOAD_AT);
        putIovec(IOVECS_AT, HEADER_AT, FuseUringHeader.SIZE);
        putIovec(IOVECS_AT + IOVEC_SIZE, PAYLOAD_AT, payloadBytes);
    }

    private void putIovec(int at, int offset, int bytes) {
        NativeBuffer memory = mapped.buffer();
        memory.putLong(at, memory.address(offset, bytes));
        memory.putLong(at + Long.BYTES, bytes);
    }

    /** Whose it is. Set before the first request. */
    void belongTo(FuseRing owner) {
        ring = owner;
    }

    FuseRing ring() {
        return Objects.requireNonNull(ring);
    }

    /** Lends it to the kernel for the first time. */
    void register(IoUring uring) {
        long iovecs = request.memory.address(IOVECS_AT, 2 * IOVEC_SIZE);
        int at = uring.command(FuseUringCommand.FUSE_IO_URING_CMD_REGISTER, iovecs, FuseUringCommand.IOVECS, index);
        FuseUringCommand.put(uring.entries(), at + IoUring.SQE_CMD, 0, processor);
    }

    /** The kernel has put a request in. */
    void arrived() {
        NativeBuffer memory = request.memory;
        int payload = FuseUringHeader.payloadSize(memory, HEADER_AT);
        request.argumentBytes = FuseInHeader.len(memory, request.headerAt) - FuseInHeader.SIZE;
        request.payloadBytes = request.opcode() == FuseOpcode.FUSE_WRITE ? payload : 0;
    }

    /**
     * Replies, and lends it to the kernel again.
     *
     * @param reply the length of the reply's payload, or -errno
     */
    void commit(IoUring uring, int reply) {
        NativeBuffer memory = request.memory;
        int payload = Math.max(0, reply);
        long unique = FuseInHeader.unique(memory, request.headerAt);
        FuseOutHeader.put(memory, request.headerAt, FuseOutHeader.SIZE + payload, Math.min(0, reply), unique);
        FuseUringHeader.putPayloadSize(memory, HEADER_AT, payload);
        int at = uring.command(FuseUringCommand.FUSE_IO_URING_CMD_COMMIT_AND_FETCH, 0, 0, index);
        FuseUringCommand.put(
                uring.entries(), at + IoUring.SQE_CMD, FuseUringHeader.commitId(memory, HEADER_AT), processor);
    }

    /** Gives big pages back. Only while the kernel has the entry, and on the ring's thread, where the kernel fills it. */
    void releasePages() {
        mapped.release(PAYLOAD_AT + NativeBuffer.ALIGNMENT);
    }

    void unmap() {
        mapped.unmap();
    }
}

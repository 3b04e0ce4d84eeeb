package org.qsd4j.block;

import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** A node in memory, with holes of 4 KiB and errors on demand. */
public final class MemoryNode extends BlockNode {
    private static final int PAGE = 4096;

    private final NativeBuffer bytes;
    private final BitSet pages = new BitSet();
    public final AtomicInteger flushes = new AtomicInteger();

    /** Given instead of the next results, as long as it is not 0. */
    public volatile int error;

    /** The most bytes that a read or write has had. */
    public volatile int biggest;

    private MemoryNode(OpenRequest request, long length, int capacity) {
        super(request);
        this.bytes = NativeBuffer.allocate(capacity);
        setLength(length);
    }

    /** Makes such nodes where a definition says "null-co"; its "size" is theirs. */
    public record Driver(int capacity) implements BlockDriver {
        @Override
        public String formatName() {
            return "null-co";
        }

        @Override
        public boolean isProtocol() {
            return true;
        }

        @Override
        public BlockNode open(OpenRequest request) {
            Long size = ((BlockdevOptions.NullCo) request.options()).u().size();
            return new MemoryNode(request, size == null ? 0 : size, capacity);
        }
    }

    @Override
    protected void doClose() {}

    /** Reads wait until it is open. */
    public volatile CountDownLatch gate = new CountDownLatch(0);

    public final AtomicInteger waiting = new AtomicInteger();

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int count) {
        waiting.incrementAndGet();
        try {
            gate.await();
        } catch (InterruptedException e) {
            return -Errno.EINTR;
        } finally {
            waiting.decrementAndGet();
        }
        return copy(offset, buffer, at, count);
    }

    private synchronized int copy(long offset, NativeBuffer buffer, int at, int count) {
        biggest = Math.max(biggest, count);
        if (error == 0) {
            buffer.copyFrom(at, bytes, (int) offset, count);
        }
        return error;
    }

    @Override
    protected synchronized int doWrite(long offset, NativeBuffer buffer, int at, int count, int flags) {
        biggest = Math.max(biggest, count);
        if (error == 0) {
            bytes.copyFrom((int) offset, buffer, at, count);
            pages.set((int) (offset / PAGE), (int) ((offset + count + PAGE - 1) / PAGE));
        }
        return error;
    }

    @Override
    protected synchronized int doWriteZeroes(long offset, long count, int flags) {
        if (error == 0) {
            bytes.zero((int) offset, (int) count);
            if ((flags & RequestFlags.MAY_UNMAP) != 0) {
                pages.clear((int) ((offset + PAGE - 1) / PAGE), (int) ((offset + count) / PAGE));
            }
        }
        return error;
    }

    @Override
    protected int doFlush() {
        flushes.incrementAndGet();
        return error;
    }

    @Override
    protected synchronized int doBlockStatus(boolean wantZero, long offset, long count, BlockStatus status) {
        boolean data = pages.get((int) (offset / PAGE));
        int edge = data ? pages.nextClearBit((int) (offset / PAGE)) : pages.nextSetBit((int) (offset / PAGE));
        long end = edge < 0 ? offset + count : Math.min(offset + count, (long) edge * PAGE);
        status.set(data ? BlockStatus.DATA : BlockStatus.ZERO, end - offset, 0, null);
        return error;
    }

    @Override
    protected synchronized void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        if (error != 0) {
            throw QapiException.fromErrno(error, "Could not resize image");
        }
        if (offset > bytes.capacity()) {
            throw QapiException.fromErrno(Errno.EFBIG, "Could not resize image");
        }
        int from = (int) Math.min(offset, length());
        bytes.zero(from, bytes.capacity() - from);
        setLength(offset);
    }
}

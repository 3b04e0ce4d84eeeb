package org.qsd4j.block;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * An open node of the block graph. QEMU: {@code BlockDriverState}. Each driver's subclass implements the {@code do…}
 * methods; parents call the public ones, which first make the request fit for the driver (limits, read-only, zero
 * detection, FUA).
 *
 * <p>Requests may come from any number of threads at once and run to completion on the caller's. Their results are 0, or
 * a negative errno. The graph around the node changes only on the main loop's thread, while the node is drained.
 */
public abstract class BlockNode {
    /** Requests, offsets and sizes stay below this, so that sums of two never overflow. QEMU: {@code BDRV_MAX_LENGTH}. */
    public static final long MAX_LENGTH = Long.MAX_VALUE & -(1L << 30);

    private static final VarHandle LENGTH;

    static {
        try {
            LENGTH = MethodHandles.lookup().findVarHandle(BlockNode.class, "length", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String nodeName;
    private final BlockLimits limits = new BlockLimits();

    /** Written by requests that grow the node and by truncate; read by all. */
    private volatile long length;

    protected BlockNode(String nodeName) {
        this.nodeName = nodeName;
    }

    public final String nodeName() {
        return nodeName;
    }

    /** What this node demands of requests. Set when it opens, constant while requests run. */
    public final BlockLimits limits() {
        return limits;
    }

    /** Size in bytes. QEMU: {@code total_sectors}, without its rounding. */
    @ThreadSafe
    public final long length() {
        return length;
    }

    protected final void setLength(long bytes) {
        length = bytes;
    }

    /** After a write that ended at {@code end}: the node is at least that long. */
    private void growTo(long end) {
        long seen = length;
        while (seen < end) {
            if (LENGTH.compareAndSet(this, seen, end)) {
                return;
            }
            seen = length;
        }
    }

    /** Whether writes are refused: the node was opened read-only. */
    public abstract boolean isReadOnly();

    /**
     * Reads {@code bytes} at {@code offset} into the buffer at {@code at}. What lies behind the end reads as zeroes.
     *
     * @return 0 or -errno
     */
    @ThreadSafe
    public final int read(long offset, NativeBuffer buffer, int at, int bytes) {
        if (bytes == 0) {
            return 0;
        }
        long available = length - offset;
        if (available >= bytes && fits(offset, bytes, buffer, at)) {
            return doRead(offset, buffer, at, bytes);
        }
        return UnfitRequest.read(this, offset, buffer, at, bytes);
    }

    /**
     * Writes {@code bytes} from the buffer at {@code at} to {@code offset}; behind the end it grows the node, if its
     * driver can.
     *
     * @param flags {@link RequestFlags#FUA}, {@link RequestFlags#WRITE_UNCHANGED}, {@link RequestFlags#WRITE_COMPRESSED}
     * @return 0 or -errno
     */
    @ThreadSafe
    public final int write(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        if (bytes == 0) {
            return 0;
        }
        if (isReadOnly()) {
            return -Errno.EPERM;
        }
        int result = fits(offset, bytes, buffer, at)
                ? doWrite(offset, buffer, at, bytes, flags)
                : UnfitRequest.write(this, offset, buffer, at, bytes, flags);
        if (result < 0) {
            return result;
        }
        if (offset + bytes > length) {
            growTo(offset + bytes);
        }
        return (flags & RequestFlags.FUA) != 0 && !honoursFua() ? flush() : 0;
    }

    private boolean fits(long offset, int bytes, NativeBuffer buffer, int at) {
        return ((offset | bytes) & (limits.requestAlignment - 1)) == 0
                && ((buffer.address() + at) & (limits.memoryAlignment - 1)) == 0
                && (limits.maxTransfer == 0 || bytes <= limits.maxTransfer);
    }

    /**
     * Makes a range read as zeroes.
     *
     * @param flags {@link RequestFlags#MAY_UNMAP}, {@link RequestFlags#NO_FALLBACK}, {@link RequestFlags#FUA}
     * @return 0 or -errno; ENOTSUP only with NO_FALLBACK
     */
    @ThreadSafe
    public final int writeZeroes(long offset, long bytes, int flags) {
        if (isReadOnly()) {
            return -Errno.EPERM;
        }
        return UnfitRequest.writeZeroes(this, offset, bytes, flags);
    }

    /** Tells the node that a range's contents are no longer wanted; it may read as anything afterwards. */
    @ThreadSafe
    public final int discard(long offset, long bytes) {
        if (isReadOnly()) {
            return -Errno.EPERM;
        }
        return doDiscard(offset, bytes);
    }

    /** Returns once every write that has returned before is on stable storage. */
    @ThreadSafe
    public final int flush() {
        return doFlush();
    }

    /**
     * What the range from {@code offset} on is; {@code status.bytes} is how far the answer goes, at most {@code bytes}.
     *
     * @param wantZero false: the caller only asks who holds the data, so that the driver needn't look for zeroes
     * @return 0 or -errno
     */
    @ThreadSafe
    public final int blockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        return doBlockStatus(wantZero, offset, bytes, status);
    }

    /**
     * Sets the size. Serialised against other requests by the caller's drain or the driver's own lock.
     *
     * @param exact false: a larger size than asked for is fine (a host device)
     * @param flags {@link RequestFlags#ZERO_WRITE}: the new area must read as zeroes
     * @throws QapiException with errno set
     */
    public final void truncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        if (isReadOnly()) {
            throw QapiException.fromErrno(Errno.EACCES, "Image is read-only");
        }
        doTruncate(offset, exact, prealloc, flags);
    }

    /** Bytes that the node takes on its host, or -errno. */
    @ThreadSafe
    public long allocatedSize() {
        return -Errno.ENOTSUP;
    }

    /** Flushes and gives up what the node holds. Its children are still open. */
    @MainThread
    protected abstract void doClose();

    protected abstract int doRead(long offset, NativeBuffer buffer, int at, int bytes);

    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        return -Errno.ENOTSUP;
    }

    /** ENOTSUP: the generic layer writes buffers of zeroes unless the caller forbids it. */
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        return -Errno.ENOTSUP;
    }

    protected int doDiscard(long offset, long bytes) {
        return 0;
    }

    protected int doFlush() {
        return 0;
    }

    /** Default: all of it is data that only this driver knows how to read. */
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        status.set(BlockStatus.DATA | BlockStatus.ALLOCATED, bytes, 0, null);
        return 0;
    }

    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        throw QapiException.fromErrno(Errno.ENOTSUP, "Image format driver does not support resize");
    }

    /** Whether {@link #doWrite} honours {@link RequestFlags#FUA} by itself. */
    protected boolean honoursFua() {
        return false;
    }
}

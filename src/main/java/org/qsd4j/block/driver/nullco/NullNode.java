package org.qsd4j.block.driver.nullco;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptionsNull;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** Forgets what is written. Unless {@code read-zeroes} is on, a read leaves the buffer as it is. */
final class NullNode extends BlockNode {
    private static final long DEFAULT_SIZE = 1L << 30;

    private final long latencyNanos;
    private final boolean readZeroes;
    private final boolean plain;

    /** Checks the options and opens the node. */
    static NullNode open(OpenRequest request, BlockdevOptionsNull options) {
        long size = or(options.size(), DEFAULT_SIZE);
        if (size < 0) {
            throw QapiException.generic("Value '%d' is out of range for parameter 'size'", size);
        }
        long latencyNanos = or(options.latencyNs(), 0);
        if (latencyNanos < 0) {
            throw QapiException.generic("latency-ns is invalid");
        }
        if (size > BlockNode.MAX_LENGTH) {
            throw QapiException.fromErrno(Errno.EFBIG, "Could not refresh total sector count");
        }
        boolean plain = options.size() == null && options.readZeroes() == null;
        return new NullNode(request, size, latencyNanos, Boolean.TRUE.equals(options.readZeroes()), plain);
    }

    private static long or(@Nullable Long value, long fallback) {
        return value == null ? fallback : value;
    }

    /** {@code plain}: neither {@code size} nor {@code read-zeroes} is given, so that the driver's name says it all. */
    private NullNode(OpenRequest request, long size, long latencyNanos, boolean readZeroes, boolean plain) {
        super(request);
        this.plain = plain;
        this.latencyNanos = latencyNanos;
        this.readZeroes = readZeroes;
        setLength(size);
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        if (readZeroes) {
            buffer.zero(at, bytes);
        }
        return delay();
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        return delay();
    }

    @Override
    protected int doFlush() {
        return delay();
    }

    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        int flags = BlockStatus.OFFSET_VALID | (readZeroes ? BlockStatus.ZERO : 0);
        status.set(flags, bytes, offset, this);
        return 0;
    }

    @Override
    public long allocatedSize() {
        return 0;
    }

    @Override
    public @Nullable String exactFilename() {
        return plain ? driver().formatName() + "://" : null;
    }

    @Override
    protected void doClose() {}

    /** A request takes at least {@code latency-ns}; the thread sleeps meanwhile, as it would in a slow system call. */
    private int delay() {
        if (latencyNanos != 0) {
            long deadlineNanos = System.nanoTime() + latencyNanos;
            for (long left = latencyNanos; left > 0; left = deadlineNanos - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
        }
        return 0;
    }
}

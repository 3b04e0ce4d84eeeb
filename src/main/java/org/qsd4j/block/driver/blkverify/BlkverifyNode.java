package org.qsd4j.block.driver.blkverify;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.DriverInfo;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.SerialisedRanges;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.NativeBuffer;

/**
 * Reads and writes both nodes and compares. A write shuts other requests of its range out, so that the nodes can't differ
 * only because two requests reach them in different order.
 */
final class BlkverifyNode extends BlockNode {
    private static final int PIECE = 128 << 10;
    private static final int KEPT = 8;

    /** Trusted. */
    private final BlockChild raw;

    /** What is shown, and compared with the other. */
    private final BlockChild test;

    private final Consumer<String> fatal;
    private final SerialisedRanges ranges = new SerialisedRanges();
    private final AtomicReferenceArray<@Nullable NativeBuffer> spare = new AtomicReferenceArray<>(KEPT);

    BlkverifyNode(OpenRequest request, BlockChild raw, BlockChild test, Consumer<String> fatal) {
        super(request);
        this.raw = raw;
        this.test = test;
        this.fatal = fatal;
        limits().inherit(raw.node().limits());
        limits().inherit(test.node().limits());
        followLength(test, 0);
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        long locks = ranges.lock(offset, offset + bytes, false);
        NativeBuffer expected = borrow();
        try {
            int result = test.read(offset, buffer, at, bytes);
            for (int done = 0; done < bytes; done += PIECE) {
                int piece = Math.min(PIECE, bytes - done);
                int other = raw.read(offset + done, expected, 0, piece);
                if (other != result) {
                    return differ("read", offset, bytes, result, other);
                }
                int differing = result < 0 ? -1 : differAt(buffer, at + done, expected, piece);
                if (differing >= 0) {
                    fatal.accept("blkverify: read offset=" + offset + " bytes=" + bytes
                            + " contents mismatch at offset " + (offset + done + differing));
                }
            }
            return result;
        } finally {
            giveBack(expected);
            ranges.unlock(locks, false);
        }
    }

    private static int differAt(NativeBuffer buffer, int at, NativeBuffer expected, int bytes) {
        return buffer.asByteBuffer(at, bytes).mismatch(expected.asByteBuffer(0, bytes));
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        long locks = ranges.lock(offset, offset + bytes, true);
        try {
            int result = test.write(offset, buffer, at, bytes, flags);
            int other = raw.write(offset, buffer, at, bytes, flags);
            return result == other ? result : differ("write", offset, bytes, result, other);
        } finally {
            ranges.unlock(locks, true);
        }
    }

    private int differ(String what, long offset, int bytes, int result, int other) {
        fatal.accept("blkverify: " + what + " offset=" + offset + " bytes=" + bytes + " return value mismatch " + result
                + " != " + other);
        return Math.min(result, other);
    }

    /** Both are told. */
    @Override
    protected boolean honoursFua() {
        return true;
    }

    /** Zeroes are written as data, the way in which they can be compared. */
    @Override
    protected boolean honoursFuaOfZeroes() {
        return false;
    }

    @Override
    protected int doFlush() {
        int result = test.flush();
        int other = raw.flush();
        return result < 0 ? result : other;
    }

    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        status.set(BlockStatus.RAW | BlockStatus.OFFSET_VALID, bytes, offset, raw.node());
        return 0;
    }

    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        raw.node().truncate(offset, exact, prealloc, flags);
    }

    @Override
    public @Nullable DriverInfo driverInfo() {
        return raw.node().driverInfo();
    }

    @Override
    public @Nullable String exactFilename() {
        String trusted = raw.node().exactFilename();
        String tested = test.node().exactFilename();
        return trusted == null || tested == null ? null : "blkverify:" + trusted + ":" + tested;
    }

    /** The two nodes need not be in the same folder. */
    @Override
    public @Nullable String locatingFilename() {
        return null;
    }

    private NativeBuffer borrow() {
        for (int i = 0; i < KEPT; i++) {
            NativeBuffer buffer = spare.getAndSet(i, null);
            if (buffer != null) {
                return buffer;
            }
        }
        return NativeBuffer.allocate(PIECE);
    }

    private void giveBack(NativeBuffer buffer) {
        for (int i = 0; i < KEPT; i++) {
            if (spare.compareAndSet(i, null, buffer)) {
                return;
            }
        }
    }

    @Override
    protected void doClose() {}
}

package org.qsd4j.block.driver.blkdebug;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.FilterNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.qapi.gen.BlkdebugIOType;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsBlkdebug;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** Asks the rules before it passes a request on. */
final class BlkdebugNode extends FilterNode {
    private final BlkdebugRules rules;

    /** What the file name {@code blkdebug:CONFIG:IMAGE} says, or null if there is more to say. */
    private final @Nullable String config;

    BlkdebugNode(OpenRequest request, BlockChild image, BlkdebugRules rules, BlkdebugLimits demanded) {
        super(request, image);
        this.rules = rules;
        this.config = plainConfig(((BlockdevOptions.Blkdebug) request.options()).u());
        demanded.apply(limits());
        rules.event(BlkdebugEvent.NONE);
    }

    private static @Nullable String plainConfig(BlockdevOptionsBlkdebug options) {
        boolean more = options.injectError() != null
                || options.setState() != null
                || options.align() != null
                || options.maxTransfer() != null
                || options.optWriteZero() != null
                || options.maxWriteZero() != null
                || options.optDiscard() != null
                || options.maxDiscard() != null;
        String file = options.config();
        return more ? null : file == null ? "" : file;
    }

    @Override
    public @Nullable String exactFilename() {
        String image = filtered().node().exactFilename();
        return config == null || image == null ? null : "blkdebug:" + config + ":" + image;
    }

    @Override
    protected void doDebugEvent(BlkdebugEvent event) {
        rules.event(event);
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        int result = rules.check(BlkdebugIOType.READ, offset, bytes);
        return result < 0 ? result : super.doRead(offset, buffer, at, bytes);
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        rules.event(BlkdebugEvent.PWRITEV);
        int result = rules.check(BlkdebugIOType.WRITE, offset, bytes);
        if (result == 0) {
            result = super.doWrite(offset, buffer, at, bytes, flags);
        }
        rules.event(BlkdebugEvent.PWRITEV_DONE);
        return result;
    }

    /** What is smaller than asked for is written as data instead. */
    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        if (bytes < Math.max(limits().requestAlignment, limits().pwriteZeroesAlignment)) {
            return -Errno.ENOTSUP;
        }
        rules.event(BlkdebugEvent.PWRITEV_ZERO);
        int result = rules.check(BlkdebugIOType.WRITE_ZEROES, offset, bytes);
        if (result == 0) {
            result = super.doWriteZeroes(offset, bytes, flags);
        }
        rules.event(BlkdebugEvent.PWRITEV_DONE);
        return result;
    }

    @Override
    protected int doDiscard(long offset, long bytes) {
        if (bytes < limits().pdiscardAlignment) {
            return -Errno.ENOTSUP;
        }
        int result = rules.check(BlkdebugIOType.DISCARD, offset, bytes);
        return result < 0 ? result : super.doDiscard(offset, bytes);
    }

    @Override
    protected int doFlush() {
        int result = rules.check(BlkdebugIOType.FLUSH, 0, 0);
        return result < 0 ? result : super.doFlush();
    }

    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        int result = rules.check(BlkdebugIOType.BLOCK_STATUS, offset, bytes);
        return result < 0 ? result : super.doBlockStatus(wantZero, offset, bytes, status);
    }

    /** The real one names a protocol and so doesn't tell. */
    @Override
    public long allocatedSize() {
        return -Errno.ENOTSUP;
    }
}

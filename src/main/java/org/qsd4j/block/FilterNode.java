package org.qsd4j.block;

import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.NativeBuffer;

/**
 * Passes every request on to the node that it filters, flags and all; a filter's driver overrides what it is there for.
 * The node is as long as what it filters.
 */
public abstract class FilterNode extends BlockNode {
    private final BlockChild filtered;

    protected FilterNode(OpenRequest request, BlockChild filtered) {
        super(request);
        this.filtered = filtered;
        limits().inherit(filtered.node().limits());
        followLength(filtered, 0);
    }

    /** The child whose contents this node shows. QEMU: {@code bdrv_filter_child}. */
    protected final BlockChild filtered() {
        return filtered;
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        return filtered.read(offset, buffer, at, bytes);
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        return filtered.write(offset, buffer, at, bytes, flags);
    }

    @Override
    protected boolean honoursFua() {
        return true;
    }

    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        return filtered.writeZeroes(offset, bytes, flags);
    }

    @Override
    protected int doDiscard(long offset, long bytes) {
        return filtered.discard(offset, bytes);
    }

    @Override
    protected int doFlush() {
        return filtered.flush();
    }

    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        status.set(BlockStatus.RAW | BlockStatus.OFFSET_VALID, bytes, offset, filtered.node());
        return 0;
    }

    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        filtered.node().truncate(offset, exact, prealloc, flags);
    }

    @Override
    public long allocatedSize() {
        return filtered.node().allocatedSize();
    }

    @Override
    public @Nullable DriverInfo driverInfo() {
        return filtered.node().driverInfo();
    }

    @Override
    protected void doClose() {}
}

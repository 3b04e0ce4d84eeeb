package org.qsd4j.block.driver.compress;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.DriverInfo;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.NativeBuffer;

/** Passes requests on, writes as compressed ones of whole clusters. */
final class CompressNode extends BlockNode {
    private final BlockChild file;

    CompressNode(OpenRequest request, BlockChild file) {
        super(request);
        this.file = file;
        limits().inherit(file.node().limits());
        limits().pdiscardAlignment = file.node().limits().pdiscardAlignment;
        DriverInfo info = file.node().driverInfo();
        if (info != null && info.clusterSize() > 0) {
            limits().requestAlignment = Math.toIntExact(info.clusterSize());
        }
        followLength(file, 0);
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        return file.read(offset, buffer, at, bytes);
    }

    /** The padding of the last cluster ends behind the disk. */
    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        long inside = Math.max(0, file.node().length() - offset);
        return file.write(offset, buffer, at, (int) Math.min(bytes, inside), flags | RequestFlags.WRITE_COMPRESSED);
    }

    @Override
    protected boolean honoursFua() {
        return true;
    }

    @Override
    public boolean supportsCompressedWrites() {
        return true;
    }

    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        return file.writeZeroes(offset, bytes, flags);
    }

    @Override
    protected int doDiscard(long offset, long bytes) {
        return file.discard(offset, bytes);
    }

    @Override
    protected int doFlush() {
        return file.flush();
    }

    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        status.set(BlockStatus.RAW | BlockStatus.OFFSET_VALID, bytes, offset, file.node());
        return 0;
    }

    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        file.node().truncate(offset, exact, prealloc, flags);
    }

    @Override
    public long allocatedSize() {
        return file.node().allocatedSize();
    }

    @Override
    public @Nullable DriverInfo driverInfo() {
        return file.node().driverInfo();
    }

    @Override
    protected void doClose() {}
}

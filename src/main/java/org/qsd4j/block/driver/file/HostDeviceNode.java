package org.qsd4j.block.driver.file;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockLimits;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockStatsSpecific;
import org.qsd4j.qapi.gen.BlockStatsSpecificBase;
import org.qsd4j.qapi.gen.BlockdevDriver;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.BlockDevice;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.FileStat;

/** An image that takes a whole device, which has its own size and knows nothing of holes. */
final class HostDeviceNode extends FileNode {
    private final DeviceRanges ranges = new DeviceRanges();

    HostDeviceNode(OpenRequest request, String filename, FileDescriptors descriptors, @Nullable FileLocks locks) {
        super(request, filename, descriptors, locks);
        takeLimits();
    }

    private HostDeviceNode(OpenRequest request, HostDeviceNode old, FileDescriptors descriptors) {
        super(request, old, descriptors);
        takeLimits();
    }

    @Override
    FileNode successor(OpenRequest request, FileDescriptors reopened) {
        return new HostDeviceNode(request, this, reopened);
    }

    private void takeLimits() {
        FileStat stat = descriptors().stat();
        if (!stat.isBlockDevice()) {
            return;
        }
        int fd = descriptors().fd();
        BlockLimits limits = limits();
        int sector = Math.max(1, BlockDevice.logicalSectorBytes(fd));
        if (descriptors().isDirect()) {
            limits.requestAlignment = Math.max(limits.requestAlignment, sector);
        } else {
            // The page cache takes any read or write, but zeroes go to the device.
            limits.pwriteZeroesAlignment = sector;
        }
        limits.pdiscardAlignment = Math.max(1, BlockDevice.queueLimit(stat.device(), "discard_granularity"));
        limits.maxHwTransfer = Math.max(0, BlockDevice.maxTransferBytes(fd));
        limits.maxHwIov = BlockDevice.queueLimit(stat.device(), "max_segments");
    }

    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        return ranges.zero(fd(), offset, bytes, flags);
    }

    @Override
    protected int doDiscard(long offset, long bytes) {
        int result = ranges.discard(fd(), offset, bytes);
        discards().count(bytes, result);
        return result;
    }

    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        FileHoles.data(this, offset, bytes, status);
        return 0;
    }

    /** Nothing but a look at the size that the device has by now. */
    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        if (prealloc != PreallocMode.OFF) {
            throw QapiException.withErrno(
                    Errno.ENOTSUP,
                    "Preallocation mode '%s' unsupported for this non-regular file",
                    prealloc.wireName());
        }
        long length = seekEnd(fd());
        if (offset != length && exact) {
            throw QapiException.withErrno(Errno.ENOTSUP, "Cannot resize device files");
        }
        if (offset > length) {
            throw QapiException.withErrno(Errno.EINVAL, "Cannot grow device files");
        }
        setLength(length);
    }

    /** Not for passthrough: the kernel's FUSE serves regular files only. */
    @Override
    public @Nullable BlockNode hostFileNode() {
        return null;
    }

    @Override
    public int hostFd() {
        return -1;
    }

    @Override
    protected BlockStatsSpecific driverStatistics() {
        return new BlockStatsSpecific.HostDevice(
                new BlockStatsSpecificBase(BlockdevDriver.HOST_DEVICE),
                discards().statistics());
    }
}

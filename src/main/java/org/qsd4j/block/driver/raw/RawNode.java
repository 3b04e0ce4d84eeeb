package org.qsd4j.block.driver.raw;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.DriverInfo;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.ProbedFormat;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** Passes requests on to the file, moved by the window's offset. */
final class RawNode extends BlockNode {
    private final BlockChild file;
    private final RawWindow window;
    private final long fileOffset;

    /** Null if the format was named. */
    private final @Nullable ProbedFormat probed;

    RawNode(OpenRequest request, BlockChild file, RawWindow window) {
        super(request);
        this.file = file;
        this.window = window;
        this.fileOffset = window.fileOffset();
        this.probed = request.probedFormat();
        limits().inherit(file.node().limits());
        if (probed != null) {
            // So that what arrives at the first sector is the whole of it.
            limits().requestAlignment = Math.max(limits().requestAlignment, ProbedFormat.HEAD);
        }
        if (window.size() == RawWindow.TO_THE_END) {
            followLength(file, fileOffset);
        } else {
            setLength(window.size());
        }
    }

    /** The data must stay inside the window; a window without a size ends only where offsets do. */
    private boolean isOutside(long offset, long bytes) {
        return window.size() == RawWindow.TO_THE_END
                ? offset > MAX_LENGTH - fileOffset - bytes
                : offset > window.size() || bytes > window.size() - offset;
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        if (isOutside(offset, bytes)) {
            return -Errno.EINVAL;
        }
        file.debugEvent(BlkdebugEvent.READ_AIO);
        return file.read(offset + fileOffset, buffer, at, bytes);
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        if (probed != null && offset == 0 && probed.wouldChange(buffer, at)) {
            return -Errno.EPERM;
        }
        if (isOutside(offset, bytes)) {
            return -Errno.ENOSPC;
        }
        file.debugEvent(BlkdebugEvent.WRITE_AIO);
        return file.write(offset + fileOffset, buffer, at, bytes, flags);
    }

    @Override
    protected boolean honoursFua() {
        return true;
    }

    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        return isOutside(offset, bytes) ? -Errno.ENOSPC : file.writeZeroes(offset + fileOffset, bytes, flags);
    }

    @Override
    protected int doDiscard(long offset, long bytes) {
        return isOutside(offset, bytes) ? -Errno.ENOSPC : file.discard(offset + fileOffset, bytes);
    }

    @Override
    protected int doFlush() {
        return file.flush();
    }

    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        status.set(BlockStatus.RAW | BlockStatus.OFFSET_VALID, bytes, offset + fileOffset, file.node());
        return 0;
    }

    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        if (window.size() != RawWindow.TO_THE_END) {
            throw QapiException.withErrno(Errno.ENOTSUP, "Cannot resize fixed-size raw disks");
        }
        if (offset > Long.MAX_VALUE - fileOffset) {
            throw QapiException.withErrno(Errno.EINVAL, "Disk size too large for the chosen offset");
        }
        file.node().truncate(offset + fileOffset, exact, prealloc, flags);
    }

    @Override
    public @Nullable BlockNode hostFileNode() {
        return window.isWholeFile() ? file.node().hostFileNode() : null;
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

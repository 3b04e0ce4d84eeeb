package org.qsd4j.export.fuse;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.export.fuse.wire.FuseFallocateIn;
import org.qsd4j.export.fuse.wire.FuseLseek;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;

/** The file's size, and what of it holds data: truncate, fallocate(2), SEEK_DATA and SEEK_HOLE. */
@ThreadSafe
final class FuseSpace {
    private static final int PUNCH_HOLE = Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE;

    private final BlockBackend blk;
    private final boolean writable;

    FuseSpace(BlockBackend blk, boolean writable) {
        this.blk = blk;
        this.writable = writable;
    }

    long length() {
        return blk.length();
    }

    int truncate(long bytes) {
        synchronized (blk.node().resizeLock()) {
            return resize(bytes, PreallocMode.OFF, RequestFlags.ZERO_WRITE);
        }
    }

    /** Makes the file at least {@code bytes} long. */
    int growTo(long bytes) {
        synchronized (blk.node().resizeLock()) {
            return bytes <= length() ? 0 : resize(bytes, PreallocMode.OFF, RequestFlags.ZERO_WRITE);
        }
    }

    private int resize(long bytes, PreallocMode prealloc, int flags) {
        try {
            blk.truncate(bytes, true, prealloc, flags);
            return 0;
        } catch (QapiException e) {
            return e.errno() == 0 ? -Errno.EIO : -e.errno();
        }
    }

    int fallocate(FuseRequest request) {
        if (!writable) {
            return -Errno.EACCES;
        }
        long offset = FuseFallocateIn.offset(request.memory, request.argumentAt);
        long bytes = FuseFallocateIn.length(request.memory, request.argumentAt);
        int mode = FuseFallocateIn.mode(request.memory, request.argumentAt);
        if (offset < 0 || bytes < 0 || offset > Long.MAX_VALUE - bytes) {
            return -Errno.EFBIG;
        }
        return switch (mode) {
            case 0 -> preallocate(offset, bytes);
            case PUNCH_HOLE -> zeroInside(offset, bytes, RequestFlags.MAY_UNMAP | RequestFlags.NO_FALLBACK);
            case Libc.FALLOC_FL_ZERO_RANGE -> zeroAndGrow(offset, bytes);
            case Libc.FALLOC_FL_ZERO_RANGE | Libc.FALLOC_FL_KEEP_SIZE -> zeroInside(offset, bytes, 0);
            default -> -Errno.EOPNOTSUPP;
        };
    }

    /** Only truncation can preallocate, so only what lies behind the end. */
    private int preallocate(long offset, long bytes) {
        synchronized (blk.node().resizeLock()) {
            long length = length();
            if (offset < length) {
                return -Errno.EOPNOTSUPP;
            }
            if (offset > length) {
                int result = resize(offset, PreallocMode.OFF, RequestFlags.ZERO_WRITE);
                if (result < 0) {
                    return result;
                }
            }
            return resize(offset + bytes, PreallocMode.FALLOC, RequestFlags.ZERO_WRITE);
        }
    }

    private int zeroInside(long offset, long bytes, int flags) {
        long length = length();
        if (offset > length) {
            return -Errno.EIO;
        }
        return zero(offset, Math.min(bytes, length - offset), flags);
    }

    private int zeroAndGrow(long offset, long bytes) {
        int result = growTo(offset + bytes);
        return result < 0 ? result : zero(offset, bytes, 0);
    }

    private int zero(long offset, long bytes, int flags) {
        return bytes == 0 ? 0 : blk.writeZeroes(offset, bytes, flags);
    }

    int lseek(FuseRequest request, BlockStatus status) {
        long offset = FuseLseek.offset(request.memory, request.argumentAt);
        int whence = FuseLseek.whence(request.memory, request.argumentAt);
        if (whence != Libc.SEEK_DATA && whence != Libc.SEEK_HOLE) {
            return -Errno.EINVAL;
        }
        long found = seek(offset, whence == Libc.SEEK_DATA, status);
        if (found < 0) {
            return (int) found;
        }
        FuseLseek.putOut(request.memory, request.payloadAt, found);
        return FuseLseek.OUT_SIZE;
    }

    private long seek(long from, boolean data, BlockStatus status) {
        long length = length();
        long offset = from;
        while (offset >= 0 && offset < length) {
            int result = blk.blockStatus(true, offset, length - offset, status);
            if (result < 0) {
                return result;
            }
            if (status.is(BlockStatus.DATA) == data) {
                return offset;
            }
            if (status.bytes <= 0) {
                return -Errno.ENXIO;
            }
            offset += status.bytes;
        }
        // The end of the file is a hole, whatever is before it.
        return data || from < 0 || from > length ? -Errno.ENXIO : length;
    }
}

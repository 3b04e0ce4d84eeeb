package org.qsd4j.block.driver.file;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;

/**
 * fallocate(2) on file systems that know all of its modes, some, or none: what one has refused for good isn't tried
 * again. Results are 0 or -errno; ENOTSUP: the caller has to write zeroes, or do without.
 */
@ThreadSafe
final class FileAllocation {
    private static final int PUNCH = Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE;

    // Written by any request that finds a mode missing; a late reader tries once more, which does no harm.
    private volatile boolean canPunch = true;
    private volatile boolean canZero = true;
    private volatile boolean canAllocate = true;

    int discard(int fd, long offset, long bytes) {
        if (!canPunch) {
            return -Errno.ENOTSUP;
        }
        int result = fallocate(fd, PUNCH, offset, bytes);
        if (result == -Errno.ENOTSUP) {
            canPunch = false;
        }
        return result;
    }

    /**
     * @param mayUnmap the range may be a hole afterwards; otherwise its blocks stay, or are, allocated
     * @param fileLength the file's length now
     */
    int zero(int fd, long offset, long bytes, boolean mayUnmap, long fileLength) {
        if (mayUnmap && offset + bytes <= fileLength) {
            int result = discard(fd, offset, bytes);
            if (!isRefusal(result)) {
                return result;
            }
        }
        int result = zeroRange(fd, offset, bytes);
        if (!isRefusal(result)) {
            return result;
        }
        return zeroInTwoSteps(fd, offset, bytes, fileLength);
    }

    private int zeroRange(int fd, long offset, long bytes) {
        if (!canZero) {
            return -Errno.ENOTSUP;
        }
        int result = fallocate(fd, Libc.FALLOC_FL_ZERO_RANGE, offset, bytes);
        if (result == -Errno.ENOTSUP) {
            canZero = false;
        }
        return result;
    }

    /** A hole, and then blocks for it; behind the end there is nothing to punch. */
    private int zeroInTwoSteps(int fd, long offset, long bytes, long fileLength) {
        if (!canAllocate) {
            return -Errno.ENOTSUP;
        }
        if (offset < fileLength) {
            int result = discard(fd, offset, bytes);
            if (result < 0) {
                return isRefusal(result) ? -Errno.ENOTSUP : result;
            }
        }
        int result = fallocate(fd, 0, offset, bytes);
        if (result == -Errno.ENOTSUP) {
            canAllocate = false;
        }
        return isRefusal(result) ? -Errno.ENOTSUP : result;
    }

    /** Not at all, not for this range, or not now: something else may still do. */
    static boolean isRefusal(int result) {
        return result == -Errno.ENOTSUP || result == -Errno.EINVAL || result == -Errno.EBUSY;
    }

    static int fallocate(int fd, int mode, long offset, long bytes) {
        int result;
        do {
            result = Libc.fallocate(fd, mode, offset, bytes);
        } while (result == -Errno.EINTR);
        return switch (-result) {
            case Errno.ENODEV, Errno.ENOSYS, Errno.EOPNOTSUPP, Errno.ENOTTY -> -Errno.ENOTSUP;
            default -> result;
        };
    }
}

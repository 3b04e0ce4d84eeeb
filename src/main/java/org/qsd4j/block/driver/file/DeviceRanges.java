package org.qsd4j.block.driver.file;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.sys.BlockDevice;
import org.qsd4j.sys.Errno;

/**
 * Discards and zeroes of a device. What it has refused for good isn't tried again. Results are 0 or -errno; ENOTSUP: the
 * caller has to write zeroes, or do without. QEMU: {@code handle_aiocb_write_zeroes_block}.
 */
@ThreadSafe
final class DeviceRanges {
    private final FileAllocation allocation = new FileAllocation();

    // Written by any request that is refused; a late reader tries once more, which does no harm.
    private volatile boolean canDiscard = true;
    private volatile boolean canZero = true;

    int discard(int fd, long offset, long bytes) {
        if (!canDiscard) {
            return -Errno.ENOTSUP;
        }
        int result = refusal(BlockDevice.discard(fd, offset, bytes));
        if (result == -Errno.ENOTSUP) {
            canDiscard = false;
        }
        return result;
    }

    /** A discard promises nothing about what is read afterwards; a punched hole of a device does. */
    int zero(int fd, long offset, long bytes, int flags) {
        if ((flags & RequestFlags.MAY_UNMAP) != 0) {
            int result = allocation.discard(fd, offset, bytes);
            if (!FileAllocation.isRefusal(result)) {
                return result;
            }
        }
        // The kernel writes zeroes where the device can't do better, and that is what such a caller doesn't want.
        if ((flags & RequestFlags.NO_FALLBACK) != 0 || !canZero) {
            return -Errno.ENOTSUP;
        }
        int result = refusal(BlockDevice.zeroOut(fd, offset, bytes));
        if (result == -Errno.ENOTSUP) {
            canZero = false;
        }
        // Parts of a sector, or a device that somebody else is using: writing zeroes still does.
        return FileAllocation.isRefusal(result) ? -Errno.ENOTSUP : result;
    }

    private static int refusal(int result) {
        return switch (-result) {
            case Errno.ENODEV, Errno.ENOSYS, Errno.EOPNOTSUPP, Errno.ENOTTY -> -Errno.ENOTSUP;
            default -> result;
        };
    }
}

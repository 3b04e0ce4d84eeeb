package org.qsd4j.block.driver.file;

import java.lang.ref.Reference;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** Reads and writes that are complete or have failed: the kernel may do less than it is asked for, or be interrupted. */
@ThreadSafe
final class FileIo {
    private FileIo() {}

    /** What lies behind the end of the file reads as zeroes. */
    static int read(int fd, long offset, NativeBuffer buffer, int at, int bytes) {
        try {
            int done = readUpToEnd(fd, offset, buffer.address(at, bytes), bytes);
            if (done < 0) {
                return done;
            }
            if (done < bytes) {
                buffer.zero(at + done, bytes - done);
            }
            return 0;
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    private static int readUpToEnd(int fd, long offset, long address, int bytes) {
        int done = 0;
        while (done < bytes) {
            long result = Libc.pread(fd, address + done, bytes - done, offset + done);
            if (result == 0) {
                break;
            }
            if (result > 0) {
                done += (int) result;
            } else if (result != -Errno.EINTR) {
                return (int) result;
            }
        }
        return done;
    }

    static int write(int fd, long offset, NativeBuffer buffer, int at, int bytes) {
        try {
            return writeAll(fd, offset, buffer.address(at, bytes), bytes);
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    /**
     * As {@link #write}, and what was written is on stable storage.
     *
     * @return ENOTSUP, and nothing is written, where the file system can only flush everything
     */
    static int writeDurably(int fd, long offset, NativeBuffer buffer, int at, int bytes) {
        try {
            long address = buffer.address(at, bytes);
            int done = 0;
            while (done < bytes) {
                long result = Libc.pwriteDurably(fd, address + done, bytes - done, offset + done);
                if (result > 0) {
                    done += (int) result;
                } else if (result == 0) {
                    return -Errno.ENOSPC;
                } else if (result == -Errno.ENOSYS) {
                    return -Errno.ENOTSUP;
                } else if (result != -Errno.EINTR) {
                    return (int) result;
                }
            }
            return 0;
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    private static int writeAll(int fd, long offset, long address, int bytes) {
        int done = 0;
        while (done < bytes) {
            long result = Libc.pwrite(fd, address + done, bytes - done, offset + done);
            if (result > 0) {
                done += (int) result;
            } else if (result == 0) {
                return -Errno.ENOSPC;
            } else if (result != -Errno.EINTR) {
                return (int) result;
            }
        }
        return 0;
    }
}

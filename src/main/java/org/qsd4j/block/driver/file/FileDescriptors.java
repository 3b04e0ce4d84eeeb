package org.qsd4j.block.driver.file;

import org.qsd4j.aio.MainThread;
import org.qsd4j.block.OpenFlags;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.BlockDevice;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.FileStat;
import org.qsd4j.sys.Libc;

/**
 * The file's descriptors. With {@code auto-read-only} it is opened for reading first, and for writing while somebody
 * wants to write. The first descriptor stays open beside the second, since requests may still be using it; the
 * second keeps its number, too, and means the first one's file when nobody writes any more. The locks are on the very
 * first one, which therefore outlives a reopening.
 */
@MainThread
final class FileDescriptors {
    private static final int NONE = -1;

    private final String filename;
    private final int commonFlags;
    private final int first;
    private final boolean firstIsWritable;
    private final int lockFd;
    private boolean ownsLockFd;
    private int second = NONE;
    private boolean secondIsWritable;

    /** Between a check of permissions and its end: the file for writing, not in use yet. */
    private int opened = NONE;

    private FileDescriptors(String filename, int commonFlags, int first, boolean firstIsWritable, int lockFd) {
        this.filename = filename;
        this.commonFlags = commonFlags;
        this.first = first;
        this.firstIsWritable = firstIsWritable;
        this.lockFd = lockFd;
        this.ownsLockFd = lockFd == first;
    }

    static FileDescriptors open(String filename, OpenFlags flags) {
        FdsetName.refuse(filename);
        return open(filename, flags, NONE);
    }

    /** For the same file, whatever has its name by now, with other flags; the locks stay where they are. */
    FileDescriptors reopen(OpenFlags flags) {
        return open(filename, flags, lockFd);
    }

    private static FileDescriptors open(String filename, OpenFlags flags, int lockFd) {
        int common = Libc.O_CLOEXEC | (flags.direct() ? Libc.O_DIRECT : 0);
        boolean writable = !flags.readOnly() && !flags.autoReadOnly() && flags.active();
        int fd = openOne(filename, path(filename, lockFd), common, writable);
        return new FileDescriptors(filename, common, fd, writable, lockFd == NONE ? fd : lockFd);
    }

    private static String path(String filename, int sameAs) {
        return sameAs == NONE ? filename : "/proc/self/fd/" + sameAs;
    }

    private static int openOne(String filename, String path, int common, boolean writable) {
        int fd;
        do {
            fd = Libc.open(path, common | (writable ? Libc.O_RDWR : Libc.O_RDONLY), 0);
        } while (fd == -Errno.EINTR);
        if (fd == -Errno.EINVAL && (common & Libc.O_DIRECT) != 0) {
            throw QapiException.generic("Could not open '%s': filesystem does not support O_DIRECT", filename);
        }
        if (fd < 0) {
            throw QapiException.fromErrno(fd, "Could not open '%s'", filename);
        }
        return fd;
    }

    /** What was opened. */
    FileStat stat() {
        return stat(first);
    }

    private static FileStat stat(int fd) {
        FileStat stat = new FileStat();
        int result = stat.read(fd);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not stat file");
        }
        return stat;
    }

    /** Refuses a device that was opened for writing, and won't be written: the kernel only says so when asked. */
    void requireWritable() {
        if (firstIsWritable) {
            requireWritable(first);
        }
    }

    private static void requireWritable(int fd) {
        if (!stat(fd).isBlockDevice()) {
            return;
        }
        int readOnly = BlockDevice.isReadOnly(fd);
        if (readOnly != 0) {
            throw QapiException.fromErrno(readOnly < 0 ? readOnly : -Errno.EACCES, "The device is not writable");
        }
    }

    int lockFd() {
        return lockFd;
    }

    /** The locks, and their descriptor, are another's from now on. */
    void handLocksTo(FileDescriptors successor) {
        successor.ownsLockFd = true;
        ownsLockFd = false;
    }

    boolean isDirect() {
        return (commonFlags & Libc.O_DIRECT) != 0;
    }

    /** The descriptor for requests. */
    int fd() {
        return second == NONE ? first : second;
    }

    /** Opens the file for writing if there are to be users who write, and it isn't open like that. */
    void prepare(boolean writing) {
        if (writing && !firstIsWritable && !secondIsWritable && opened == NONE) {
            opened = openOne(filename, path(filename, lockFd), commonFlags, true);
            requireWritable(opened);
        }
    }

    /** The users are there. */
    void commit(boolean writing) {
        if (!writing) {
            abort();
            if (secondIsWritable) {
                Libc.replace(first, second);
                secondIsWritable = false;
            }
        } else if (opened != NONE) {
            if (second == NONE) {
                second = opened;
                opened = NONE;
            } else {
                Libc.replace(opened, second);
                abort();
            }
            secondIsWritable = true;
        }
    }

    /** The users are not to be: what was prepared for them goes. */
    void abort() {
        if (opened != NONE) {
            Libc.close(opened);
            opened = NONE;
        }
    }

    void close() {
        abort();
        if (first != lockFd) {
            Libc.close(first);
        }
        if (second != NONE) {
            Libc.close(second);
        }
        if (ownsLockFd) {
            Libc.close(lockFd);
        }
    }
}

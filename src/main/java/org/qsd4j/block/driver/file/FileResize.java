package org.qsd4j.block.driver.file;

import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.FileStat;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** Sets the length of a file, with or without blocks for what is new. QEMU: {@code raw_regular_truncate}. */
final class FileResize {
    private static final int CHUNK = 1 << 20;
    private static final int SECTOR = 512;
    private static final int LARGEST_BLOCK = 4096;

    private FileResize() {}

    static void resize(int fd, long length, PreallocMode prealloc) {
        FileStat stat = new FileStat();
        int result = stat.read(fd);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not stat file");
        }
        long current = stat.size();
        if (current > length && prealloc != PreallocMode.OFF) {
            throw QapiException.withErrno(Errno.ENOTSUP, "Cannot use preallocation for shrinking files");
        }
        switch (prealloc) {
            case OFF -> truncate(fd, length);
            case FALLOC -> allocate(fd, current, length);
            case FULL -> writeZeroes(fd, current, length);
            default ->
                throw QapiException.withErrno(Errno.ENOTSUP, "Unsupported preallocation mode: %s", prealloc.wireName());
        }
        if (current == 0 && length > 0 && prealloc != PreallocMode.FULL) {
            allocateFirstBlock(fd, length);
        }
    }

    /**
     * An empty file that grows gets a first block, so that whoever opens it with O_DIRECT can find out its alignment by
     * reading. It may end up longer than asked for, 512 bytes. It does no harm if this fails.
     */
    private static void allocateFirstBlock(int fd, long length) {
        int bytes = length < LARGEST_BLOCK ? SECTOR : LARGEST_BLOCK;
        int unused = FileIo.write(fd, 0, NativeBuffer.allocate(bytes), 0, bytes);
    }

    private static void truncate(int fd, long length) {
        int result = Libc.ftruncate(fd, length);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not resize file");
        }
    }

    private static void allocate(int fd, long current, long length) {
        if (length == current) {
            return;
        }
        int result = FileAllocation.fallocate(fd, 0, current, length - current);
        if (result == -Errno.ENOTSUP) {
            writeZeroes(fd, current, length);
        } else if (result < 0) {
            Libc.ftruncate(fd, current);
            throw QapiException.fromErrno(result, "Could not preallocate new data");
        }
    }

    private static void writeZeroes(int fd, long current, long length) {
        NativeBuffer zeroes = NativeBuffer.allocate(CHUNK);
        for (long at = current; at < length; at += CHUNK) {
            int bytes = (int) Math.min(CHUNK, length - at);
            int result = FileIo.write(fd, at, zeroes, 0, bytes);
            if (result < 0) {
                // The file is as long as before, or the old length would read as if it had succeeded.
                Libc.ftruncate(fd, current);
                throw QapiException.fromErrno(result, "Could not write zeros for preallocation");
            }
        }
        int result = Libc.fdatasync(fd);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not flush file to disk");
        }
    }
}

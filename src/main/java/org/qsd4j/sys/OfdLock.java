package org.qsd4j.sys;

/**
 * Locks of byte ranges that belong to an open file description, fcntl(2) F_OFD_SETLK and F_OFD_GETLK: unlike POSIX locks
 * they conflict between two descriptors of one process too, and stay until the last copy of the descriptor is closed.
 *
 * <p>{@code struct flock} of x86-64: l_type 0, l_whence 2, l_start 8, l_len 16, l_pid 24; 32 bytes.
 */
public final class OfdLock {
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;

    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;

    private static final int TYPE = 0;
    private static final int START = 8;
    private static final int LENGTH = 16;
    private static final int STRUCT_BYTES = 32;

    private final NativeBuffer flock = NativeBuffer.allocate(STRUCT_BYTES);

    /** Takes a shared lock: 0, or -errno (EAGAIN if somebody has an exclusive one). */
    public int lockShared(int fd, long start, long bytes) {
        return call(fd, F_OFD_SETLK, F_RDLCK, start, bytes);
    }

    public int unlock(int fd, long start, long bytes) {
        return call(fd, F_OFD_SETLK, F_UNLCK, start, bytes);
    }

    /** Whether another description has any lock there: 0 if none has, -EAGAIN, or another -errno. */
    public int testExclusive(int fd, long start, long bytes) {
        int result = call(fd, F_OFD_GETLK, F_WRLCK, start, bytes);
        if (result < 0) {
            return result;
        }
        return flock.getShort(TYPE) == F_UNLCK ? 0 : -Errno.EAGAIN;
    }

    private int call(int fd, int command, short type, long start, long bytes) {
        flock.zero(0, STRUCT_BYTES);
        flock.putShort(TYPE, type);
        flock.putLong(START, start);
        flock.putLong(LENGTH, bytes);
        int result;
        do {
            result = Libc.fcntl(fd, command, flock.address());
        } while (result == -Errno.EINTR);
        return result;
    }
}

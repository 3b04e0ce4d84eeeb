package org.qsd4j.sys;

import java.io.ByteArrayOutputStream;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;

/**
 * The C library's calls that the data path makes, by their own names. Results follow the kernel's convention: a negative
 * one is {@code -errno}. No call is repeated on EINTR here, except where its comment says so. Any thread.
 */
public final class Libc {
    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_ACCMODE = 3;
    public static final int O_CREAT = 0x40;
    public static final int O_EXCL = 0x80;
    public static final int O_TRUNC = 0x200;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_DSYNC = 0x1000;
    public static final int O_DIRECT = 0x4000;
    public static final int O_NOATIME = 0x40000;
    public static final int O_CLOEXEC = 0x80000;

    public static final int R_OK = 4;

    public static final int SEEK_SET = 0;
    public static final int SEEK_CUR = 1;
    public static final int SEEK_END = 2;
    public static final int SEEK_DATA = 3;
    public static final int SEEK_HOLE = 4;

    public static final int FALLOC_FL_KEEP_SIZE = 0x01;
    public static final int FALLOC_FL_PUNCH_HOLE = 0x02;
    public static final int FALLOC_FL_COLLAPSE_RANGE = 0x08;
    public static final int FALLOC_FL_ZERO_RANGE = 0x10;
    public static final int FALLOC_FL_INSERT_RANGE = 0x20;
    public static final int FALLOC_FL_UNSHARE_RANGE = 0x40;

    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int RWF_DSYNC = 2;
    private static final ThreadLocal<NativeBuffer> IO_VECTOR =
            ThreadLocal.withInitial(() -> NativeBuffer.allocate(2 * Long.BYTES));

    private static final NativeFunction OPEN = NativeFunction.of("open", 3);
    private static final NativeFunction ACCESS = NativeFunction.of("access", 2);
    private static final NativeFunction CLOSE = NativeFunction.of("close", 1);
    private static final NativeFunction DUP3 = NativeFunction.of("dup3", 3);
    private static final NativeFunction READ = NativeFunction.of("read", 3);
    private static final NativeFunction WRITE = NativeFunction.of("write", 3);
    private static final NativeFunction PREAD = NativeFunction.of("pread", 4);
    private static final NativeFunction PWRITE = NativeFunction.of("pwrite", 4);
    private static final NativeFunction PWRITEV2 = NativeFunction.of("pwritev2", 5);
    private static final NativeFunction FALLOCATE = NativeFunction.of("fallocate", 4);
    private static final NativeFunction FTRUNCATE = NativeFunction.of("ftruncate", 2);
    private static final NativeFunction FDATASYNC = NativeFunction.of("fdatasync", 1);
    private static final NativeFunction FSTAT = NativeFunction.of("fstat", 2);
    private static final NativeFunction STATX = NativeFunction.of("statx", 5);
    private static final NativeFunction LSEEK = NativeFunction.of("lseek", 3);
    private static final NativeFunction FCNTL = NativeFunction.of("fcntl", 3);
    private static final NativeFunction IOCTL = NativeFunction.of("ioctl", 3);
    private static final NativeFunction MEMSET = NativeFunction.of("memset", 3);
    private static final NativeFunction MEMMOVE = NativeFunction.of("memmove", 3);

    private Libc() {}

    /** Opens a file: a descriptor, or -errno. */
    public static int open(String path, int flags, int mode) {
        NativeBuffer name = cString(path);
        int result;
        try {
            result = OPEN.callInt(name.address(), flags, mode);
        } finally {
            Reference.reachabilityFence(name);
        }
        return result;
    }

    /** Whether the process may do {@code mode} to the file: 0 or -errno. */
    public static int access(String path, int mode) {
        NativeBuffer name = cString(path);
        try {
            return ACCESS.callInt(name.address(), mode);
        } finally {
            Reference.reachabilityFence(name);
        }
    }

    public static int close(int fd) {
        return CLOSE.callInt(fd);
    }

    /** Has {@code to} mean the file that {@code from} means; calls under way with the old meaning end as they began. */
    public static int replace(int from, int to) {
        int result;
        do {
            result = DUP3.callInt(from, to, O_CLOEXEC);
        } while (result == -Errno.EINTR || result == -Errno.EBUSY);
        return result;
    }

    /** Another descriptor of the same open file, close-on-exec, or -errno. */
    public static int duplicate(int fd) {
        return fcntl(fd, F_DUPFD_CLOEXEC, 0);
    }

    public static long read(int fd, long address, long bytes) {
        return READ.call(fd, address, bytes);
    }

    public static long write(int fd, long address, long bytes) {
        return WRITE.call(fd, address, bytes);
    }

    public static long pread(int fd, long address, long bytes, long offset) {
        return PREAD.call(fd, address, bytes, offset);
    }

    public static long pwrite(int fd, long address, long bytes, long offset) {
        return PWRITE.call(fd, address, bytes, offset);
    }

    /**
     * pwritev2(2) of one piece that is on stable storage when the call returns (RWF_DSYNC).
     *
     * @return what was written, or -errno: EOPNOTSUPP where the kernel or the file system knows no such write
     */
    public static long pwriteDurably(int fd, long address, long bytes, long offset) {
        NativeBuffer vector = IO_VECTOR.get();
        vector.putLong(0, address);
        vector.putLong(Long.BYTES, bytes);
        return PWRITEV2.call(fd, vector.address(), 1, offset, RWF_DSYNC);
    }

    public static int fallocate(int fd, int mode, long offset, long bytes) {
        return FALLOCATE.callInt(fd, mode, offset, bytes);
    }

    public static int ftruncate(int fd, long bytes) {
        return FTRUNCATE.callInt(fd, bytes);
    }

    public static int fdatasync(int fd) {
        return FDATASYNC.callInt(fd);
    }

    public static long lseek(int fd, long offset, int whence) {
        return LSEEK.call(fd, offset, whence);
    }

    static int statx(int fd, long path, int flags, int mask, long address) {
        return (int) STATX.call(fd, path, flags, mask, address);
    }

    static int fstat(int fd, long address) {
        return FSTAT.callInt(fd, address);
    }

    /** fcntl with a number or an address as its third argument. */
    public static int fcntl(int fd, int command, long argument) {
        return FCNTL.callInt(fd, command, argument);
    }

    /** ioctl with a number or an address as its third argument. */
    public static int ioctl(int fd, long request, long argument) {
        return IOCTL.callInt(fd, request, argument);
    }

    static void memset(long address, int value, long bytes) {
        MEMSET.call(address, value, bytes);
    }

    static void memmove(long to, long from, long bytes) {
        MEMMOVE.call(to, from, bytes);
    }

    /** The text in UTF-8. A NUL inside, which would cut a name short and so make it another one, is QEMU's C0 80. */
    static byte[] utf8(String text) {
        if (text.indexOf(0) < 0) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b == 0) {
                bytes.write(0xc0);
            }
            bytes.write(b == 0 ? 0x80 : b);
        }
        return bytes.toByteArray();
    }

    /** The text in UTF-8 with a NUL behind it, and nowhere else. */
    static NativeBuffer cString(String text) {
        byte[] bytes = utf8(text);
        NativeBuffer buffer = NativeBuffer.allocate(bytes.length + 1);
        buffer.put(0, bytes, 0, bytes.length);
        return buffer;
    }
}

package org.qsd4j.sys;

/**
 * fstat(2): the kernel's {@code struct stat} of x86-64, read into memory of its own. One owner at a time.
 *
 * <p>Offsets: st_mode 24, st_rdev 40, st_size 48, st_blksize 56, st_blocks 64; 144 bytes.
 */
public final class FileStat {
    public static final int S_IFMT = 0xf000;
    public static final int S_IFREG = 0x8000;
    public static final int S_IFBLK = 0x6000;
    public static final int S_IFCHR = 0x2000;
    public static final int S_IFDIR = 0x4000;

    private static final int MODE = 24;
    private static final int DEVICE = 40;
    private static final int SIZE = 48;
    private static final int BLOCKS = 64;
    private static final int BLOCK_BYTES = 512;
    private static final int STRUCT_BYTES = 144;

    private final NativeBuffer struct = NativeBuffer.allocate(STRUCT_BYTES);

    /** Reads the attributes of an open file: 0, or -errno. */
    public int read(int fd) {
        return Libc.fstat(fd, struct.address());
    }

    public boolean isRegularFile() {
        return (mode() & S_IFMT) == S_IFREG;
    }

    public boolean isBlockDevice() {
        return (mode() & S_IFMT) == S_IFBLK;
    }

    public boolean isCharacterDevice() {
        return (mode() & S_IFMT) == S_IFCHR;
    }

    /** Major and minor number of a device, as the kernel packs them. */
    public long device() {
        return struct.getLong(DEVICE);
    }

    public boolean isDirectory() {
        return (mode() & S_IFMT) == S_IFDIR;
    }

    public int mode() {
        return struct.getInt(MODE);
    }

    /** The file's length in bytes. */
    public long size() {
        return struct.getLong(SIZE);
    }

    /** The bytes that the file takes on its disk. */
    public long allocatedBytes() {
        return struct.getLong(BLOCKS) * BLOCK_BYTES;
    }
}

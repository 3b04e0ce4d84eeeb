package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_attr_out with its struct fuse_attr, as of 7.9.
 *
 * <pre>
 *   0 attr_valid u64         seconds that the kernel may keep the answer
 *   8 attr_valid_nsec u32  12 dummy u32
 *  16 ino u64  24 size u64  32 blocks u64 (of 512 bytes)
 *  40 atime u64  48 mtime u64  56 ctime u64
 *  64 atimensec u32  68 mtimensec u32  72 ctimensec u32
 *  76 mode u32  80 nlink u32  84 uid u32  88 gid u32  92 rdev u32
 *  96 blksize u32  100 flags u32
 * </pre>
 */
public final class FuseAttrOut {
    public static final int SIZE = 104;

    private static final int ATTR_VALID = 0;
    private static final int INO = 16;
    private static final int FILE_SIZE = 24;
    private static final int BLOCKS = 32;
    private static final int ATIME = 40;
    private static final int MTIME = 48;
    private static final int CTIME = 56;
    private static final int MODE = 76;
    private static final int NLINK = 80;
    private static final int UID = 84;
    private static final int GID = 88;
    private static final int BLKSIZE = 96;

    private FuseAttrOut() {}

    public static void putValid(NativeBuffer memory, int at, long seconds) {
        memory.putLong(at + ATTR_VALID, seconds);
    }

    public static void putIdentity(NativeBuffer memory, int at, long ino, int nlink) {
        memory.putLong(at + INO, ino);
        memory.putInt(at + NLINK, nlink);
    }

    public static void putSize(NativeBuffer memory, int at, long bytes, long blocks512, int blksize) {
        memory.putLong(at + FILE_SIZE, bytes);
        memory.putLong(at + BLOCKS, blocks512);
        memory.putInt(at + BLKSIZE, blksize);
    }

    /** Access, modification and change time. */
    public static void putTimes(NativeBuffer memory, int at, long seconds) {
        memory.putLong(at + ATIME, seconds);
        memory.putLong(at + MTIME, seconds);
        memory.putLong(at + CTIME, seconds);
    }

    public static void putOwnership(NativeBuffer memory, int at, int mode, int uid, int gid) {
        memory.putInt(at + MODE, mode);
        memory.putInt(at + UID, uid);
        memory.putInt(at + GID, gid);
    }
}

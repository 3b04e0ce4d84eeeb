package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_setattr_in.
 *
 * <pre>
 *  0 valid u32  4 padding u32    valid: which of the members count
 *  8 fh u64  16 size u64  24 lock_owner u64
 * 32 atime u64  40 mtime u64  48 ctime u64
 * 56 atimensec u32  60 mtimensec u32  64 ctimensec u32
 * 68 mode u32  72 unused4 u32  76 uid u32  80 gid u32  84 unused5 u32
 * </pre>
 */
public final class FuseSetattrIn {
    public static final int SIZE = 88;

    public static final int FATTR_MODE = 1;
    public static final int FATTR_UID = 1 << 1;
    public static final int FATTR_GID = 1 << 2;
    public static final int FATTR_SIZE = 1 << 3;

    /** fh counts. */
    public static final int FATTR_FH = 1 << 6;

    /** lock_owner counts. */
    public static final int FATTR_LOCKOWNER = 1 << 9;

    private static final int VALID = 0;
    private static final int FILE_SIZE = 16;
    private static final int MODE = 68;
    private static final int UID = 76;
    private static final int GID = 80;

    private FuseSetattrIn() {}

    public static int valid(NativeBuffer memory, int at) {
        return memory.getInt(at + VALID);
    }

    public static long size(NativeBuffer memory, int at) {
        return memory.getLong(at + FILE_SIZE);
    }

    public static int mode(NativeBuffer memory, int at) {
        return memory.getInt(at + MODE);
    }

    public static int uid(NativeBuffer memory, int at) {
        return memory.getInt(at + UID);
    }

    public static int gid(NativeBuffer memory, int at) {
        return memory.getInt(at + GID);
    }
}

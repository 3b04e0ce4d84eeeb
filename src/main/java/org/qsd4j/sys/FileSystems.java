package org.qsd4j.sys;

import java.lang.ref.Reference;

/** Mounting, and what else concerns paths rather than open files. Results are 0 or more, or -errno. */
public final class FileSystems {
    public static final int MS_RDONLY = 1;
    public static final int MS_NOSUID = 2;
    public static final int MS_NODEV = 4;
    public static final int MS_NOATIME = 1024;
    public static final int MNT_FORCE = 1;
    public static final int MNT_DETACH = 2;
    public static final int UMOUNT_NOFOLLOW = 8;

    public static final int S_IFMT = 0170000;
    public static final int S_IFREG = 0100000;

    private static final int AT_FDCWD = -100;
    private static final int STATX_TYPE_AND_MODE = 3;
    private static final int STATX_SIZE = 256;
    private static final int STATX_MODE_AT = 28;
    private static final int STATX_DEV_MAJOR_AT = 136;
    private static final int STATX_DEV_MINOR_AT = 140;
    private static final int AT_STATX_FORCE_SYNC = 0x2000;
    private static final int AT_STATX_DONT_SYNC = 0x4000;

    private static final NativeFunction MOUNT = NativeFunction.of("mount", 5);
    private static final NativeFunction UMOUNT2 = NativeFunction.of("umount2", 2);
    private static final NativeFunction STATX = NativeFunction.of("statx", 5);
    private static final NativeFunction GETEUID = NativeFunction.of("geteuid", 0);
    private static final NativeFunction GETEGID = NativeFunction.of("getegid", 0);

    private FileSystems() {}

    /** mount(2). */
    public static int mount(String source, String target, String type, int flags, String options) {
        NativeBuffer from = Libc.cString(source);
        NativeBuffer to = Libc.cString(target);
        NativeBuffer kind = Libc.cString(type);
        NativeBuffer data = Libc.cString(options);
        try {
            return MOUNT.callInt(from.address(), to.address(), kind.address(), flags, data.address());
        } finally {
            Reference.reachabilityFence(from);
            Reference.reachabilityFence(to);
            Reference.reachabilityFence(kind);
            Reference.reachabilityFence(data);
        }
    }

    /** umount2(2). */
    public static int umount(String target, int flags) {
        NativeBuffer name = Libc.cString(target);
        try {
            return UMOUNT2.callInt(name.address(), flags);
        } finally {
            Reference.reachabilityFence(name);
        }
    }

    /**
     * The st_mode of what a path leads to, or -errno. The file system is asked even where the kernel still has an answer:
     * a dead FUSE mount is told by its ENOTCONN alone.
     */
    public static int mode(String path) {
        NativeBuffer name = Libc.cString(path);
        NativeBuffer statx = NativeBuffer.allocate(STATX_SIZE);
        try {
            int result =
                    STATX.callInt(AT_FDCWD, name.address(), AT_STATX_FORCE_SYNC, STATX_TYPE_AND_MODE, statx.address());
            return result < 0 ? result : statx.getShort(STATX_MODE_AT) & 0xffff;
        } finally {
            Reference.reachabilityFence(name);
            Reference.reachabilityFence(statx);
        }
    }

    /** A number for the file system that a path leads to, without asking that file system anything; -errno. */
    public static long device(String path) {
        NativeBuffer name = Libc.cString(path);
        NativeBuffer statx = NativeBuffer.allocate(STATX_SIZE);
        try {
            int result = STATX.callInt(AT_FDCWD, name.address(), AT_STATX_DONT_SYNC, 0, statx.address());
            return result < 0
                    ? result
                    : (long) statx.getInt(STATX_DEV_MAJOR_AT) << 32 | (statx.getInt(STATX_DEV_MINOR_AT) & 0xffff_ffffL);
        } finally {
            Reference.reachabilityFence(name);
            Reference.reachabilityFence(statx);
        }
    }

    public static int effectiveUid() {
        return (int) GETEUID.call();
    }

    public static int effectiveGid() {
        return (int) GETEGID.call();
    }
}

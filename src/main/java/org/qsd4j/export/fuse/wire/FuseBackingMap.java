package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_backing_map, with which a server shows the kernel a file to read from.
 *
 * <pre>
 *  0 fd s32  4 flags u32  8 padding u64
 * </pre>
 */
public final class FuseBackingMap {
    public static final int SIZE = 16;

    /** _IOW(229, 1, struct fuse_backing_map): the file's backing_id, or -errno. */
    public static final long FUSE_DEV_IOC_BACKING_OPEN = 0x4010_e501L;

    private FuseBackingMap() {}

    public static void put(NativeBuffer memory, int at, int fd) {
        memory.putInt(at, fd);
        memory.putInt(at + 4, 0);
        memory.putLong(at + 8, 0);
    }
}

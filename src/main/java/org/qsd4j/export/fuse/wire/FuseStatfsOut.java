package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_statfs_out, that is struct fuse_kstatfs.
 *
 * <pre>
 *  0 blocks u64  8 bfree u64  16 bavail u64  24 files u64  32 ffree u64
 * 40 bsize u32  44 namelen u32  48 frsize u32  52 padding u32  56 spare u32[6]
 * </pre>
 */
public final class FuseStatfsOut {
    public static final int SIZE = 80;

    private static final int BSIZE = 40;
    private static final int NAMELEN = 44;

    private FuseStatfsOut() {}

    public static void put(NativeBuffer memory, int at, int bsize, int namelen) {
        memory.zero(at, SIZE);
        memory.putInt(at + BSIZE, bsize);
        memory.putInt(at + NAMELEN, namelen);
    }
}

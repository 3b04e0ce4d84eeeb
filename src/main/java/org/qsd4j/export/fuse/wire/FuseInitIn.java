package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_init_in. Kernels before 7.36 send the first 16 bytes only.
 *
 * <pre>
 *  0 major u32  4 minor u32
 *  8 max_readahead u32
 * 12 flags u32
 * 16 flags2 u32     if flags has FUSE_INIT_EXT
 * 20 unused u32[11]
 * </pre>
 */
public final class FuseInitIn {
    public static final int COMPAT_SIZE = 16;
    public static final int SIZE = 64;

    private static final int MAJOR = 0;
    private static final int MINOR = 4;
    private static final int MAX_READAHEAD = 8;
    private static final int FLAGS = 12;
    private static final int FLAGS2 = 16;

    private FuseInitIn() {}

    public static int major(NativeBuffer memory, int at) {
        return memory.getInt(at + MAJOR);
    }

    public static int minor(NativeBuffer memory, int at) {
        return memory.getInt(at + MINOR);
    }

    public static int maxReadahead(NativeBuffer memory, int at) {
        return memory.getInt(at + MAX_READAHEAD);
    }

    /** The flags of both words; the upper one is 0 unless the kernel sent it. */
    public static long flags(NativeBuffer memory, int at, int bytes) {
        long flags = memory.getInt(at + FLAGS) & 0xffff_ffffL;
        boolean extended = (flags & FuseInitFlags.FUSE_INIT_EXT) != 0 && bytes >= FLAGS2 + Integer.BYTES;
        return extended ? flags | (long) memory.getInt(at + FLAGS2) << 32 : flags;
    }
}

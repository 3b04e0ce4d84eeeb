package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_fallocate_in.
 *
 * <pre>
 *  0 fh u64  8 offset u64  16 length u64  24 mode u32  28 padding u32
 * </pre>
 */
public final class FuseFallocateIn {
    public static final int SIZE = 32;

    private static final int OFFSET = 8;
    private static final int LENGTH = 16;
    private static final int MODE = 24;

    private FuseFallocateIn() {}

    public static long offset(NativeBuffer memory, int at) {
        return memory.getLong(at + OFFSET);
    }

    public static long length(NativeBuffer memory, int at) {
        return memory.getLong(at + LENGTH);
    }

    /** Flags of fallocate(2). */
    public static int mode(NativeBuffer memory, int at) {
        return memory.getInt(at + MODE);
    }
}

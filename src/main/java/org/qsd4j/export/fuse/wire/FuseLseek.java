package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_lseek_in and struct fuse_lseek_out.
 *
 * <pre>
 * in:   0 fh u64  8 offset u64  16 whence u32  20 padding u32
 * out:  0 offset u64
 * </pre>
 */
public final class FuseLseek {
    public static final int IN_SIZE = 24;
    public static final int OUT_SIZE = 8;

    private static final int IN_OFFSET = 8;
    private static final int IN_WHENCE = 16;

    private FuseLseek() {}

    public static long offset(NativeBuffer memory, int at) {
        return memory.getLong(at + IN_OFFSET);
    }

    public static int whence(NativeBuffer memory, int at) {
        return memory.getInt(at + IN_WHENCE);
    }

    public static void putOut(NativeBuffer memory, int at, long offset) {
        memory.putLong(at, offset);
    }
}

package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_write_in, which the data follow, and struct fuse_write_out.
 *
 * <pre>
 * in:   0 fh u64  8 offset u64  16 size u32  20 write_flags u32
 *      24 lock_owner u64  32 flags u32  36 padding u32
 * out:  0 size u32  4 padding u32
 * </pre>
 */
public final class FuseWrite {
    public static final int IN_SIZE = 40;
    public static final int OUT_SIZE = 8;

    private static final int IN_OFFSET = 8;
    private static final int IN_BYTES = 16;

    private FuseWrite() {}

    public static long offset(NativeBuffer memory, int at) {
        return memory.getLong(at + IN_OFFSET);
    }

    public static int size(NativeBuffer memory, int at) {
        return memory.getInt(at + IN_BYTES);
    }

    public static void putOut(NativeBuffer memory, int at, int size) {
        memory.putLong(at, size);
    }
}

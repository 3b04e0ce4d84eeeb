package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_read_in.
 *
 * <pre>
 *  0 fh u64  8 offset u64  16 size u32  20 read_flags u32
 * 24 lock_owner u64  32 flags u32  36 padding u32
 * </pre>
 */
public final class FuseReadIn {
    public static final int SIZE = 40;

    private static final int OFFSET = 8;
    private static final int BYTES = 16;

    private FuseReadIn() {}

    public static long offset(NativeBuffer memory, int at) {
        return memory.getLong(at + OFFSET);
    }

    public static int size(NativeBuffer memory, int at) {
        return memory.getInt(at + BYTES);
    }
}

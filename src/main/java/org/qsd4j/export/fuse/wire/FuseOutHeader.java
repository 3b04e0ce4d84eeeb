package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_out_header, in front of every reply.
 *
 * <pre>
 *  0 len u32      the whole reply, header included
 *  4 error s32    0 or -errno
 *  8 unique u64   the request's
 * </pre>
 */
public final class FuseOutHeader {
    public static final int SIZE = 16;

    private static final int LEN = 0;
    private static final int ERROR = 4;
    private static final int UNIQUE = 8;

    private FuseOutHeader() {}

    public static void put(NativeBuffer memory, int at, int len, int error, long unique) {
        memory.putInt(at + LEN, len);
        memory.putInt(at + ERROR, error);
        memory.putLong(at + UNIQUE, unique);
    }
}

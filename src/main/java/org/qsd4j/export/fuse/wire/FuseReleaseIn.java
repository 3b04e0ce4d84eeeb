package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_release_in.
 *
 * <pre>
 *  0 fh u64  8 flags u32  12 release_flags u32  16 lock_owner u64
 * </pre>
 */
public final class FuseReleaseIn {
    public static final int SIZE = 24;

    private static final int FH = 0;

    private FuseReleaseIn() {}

    /** What the reply to OPEN said. */
    public static long fh(NativeBuffer memory, int at) {
        return memory.getLong(at + FH);
    }
}

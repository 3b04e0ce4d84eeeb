package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_open_in and struct fuse_open_out.
 *
 * <pre>
 * in:   0 flags u32  4 open_flags u32           flags: those of open(2)
 * out:  0 fh u64     8 open_flags u32  12 backing_id s32
 * </pre>
 */
public final class FuseOpen {
    public static final int IN_SIZE = 8;
    public static final int OUT_SIZE = 16;

    /** Reads and writes go past the page cache. */
    public static final int FOPEN_DIRECT_IO = 1;

    /** Direct writes to one file may be under way at the same time. */
    public static final int FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;

    /** Reads go to the file behind {@code backing_id}. */
    public static final int FOPEN_PASSTHROUGH = 1 << 7;

    private static final int IN_FLAGS = 0;
    private static final int OUT_FH = 0;
    private static final int OUT_OPEN_FLAGS = 8;
    private static final int OUT_BACKING_ID = 12;

    private FuseOpen() {}

    public static int flags(NativeBuffer memory, int at) {
        return memory.getInt(at + IN_FLAGS);
    }

    /**
     * @param fh comes back with RELEASE
     * @param backingId 0 without FOPEN_PASSTHROUGH
     */
    public static void putOut(NativeBuffer memory, int at, long fh, int openFlags, int backingId) {
        memory.putLong(at + OUT_FH, fh);
        memory.putInt(at + OUT_OPEN_FLAGS, openFlags);
        memory.putInt(at + OUT_BACKING_ID, backingId);
    }
}

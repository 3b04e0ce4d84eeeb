package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_init_out. Kernels before 7.23 want the first 24 bytes only.
 *
 * <pre>
 *  0 major u32  4 minor u32
 *  8 max_readahead u32
 * 12 flags u32
 * 16 max_background u16  18 congestion_threshold u16
 * 20 max_write u32
 * 24 time_gran u32
 * 28 max_pages u16  30 map_alignment u16
 * 32 flags2 u32
 * 36 max_stack_depth u32
 * 40 unused u32[6]
 * </pre>
 */
public final class FuseInitOut {
    /** Just the version, to a kernel with a newer major one, which then asks again. */
    public static final int VERSION_SIZE = 8;

    public static final int COMPAT_22_SIZE = 24;
    public static final int SIZE = 64;

    private static final int MAJOR = 0;
    private static final int MINOR = 4;
    private static final int MAX_READAHEAD = 8;
    private static final int FLAGS = 12;
    private static final int MAX_BACKGROUND = 16;
    private static final int CONGESTION_THRESHOLD = 18;
    private static final int MAX_WRITE = 20;
    private static final int TIME_GRAN = 24;
    private static final int MAX_PAGES = 28;
    private static final int FLAGS2 = 32;
    private static final int MAX_STACK_DEPTH = 36;

    private FuseInitOut() {}

    public static void putVersion(NativeBuffer memory, int at, int major, int minor) {
        memory.putInt(at + MAJOR, major);
        memory.putInt(at + MINOR, minor);
    }

    public static void putFlags(NativeBuffer memory, int at, long flags) {
        memory.putInt(at + FLAGS, (int) flags);
        memory.putInt(at + FLAGS2, (int) (flags >>> 32));
    }

    /** How many asynchronous requests the kernel lets out at once, and from where on the device counts as congested. */
    public static void putBackground(NativeBuffer memory, int at, int max, int congested) {
        memory.putShort(at + MAX_BACKGROUND, (short) max);
        memory.putShort(at + CONGESTION_THRESHOLD, (short) congested);
    }

    public static void putSizes(NativeBuffer memory, int at, int maxReadahead, int maxWrite, int maxPages) {
        memory.putInt(at + MAX_READAHEAD, maxReadahead);
        memory.putInt(at + MAX_WRITE, maxWrite);
        memory.putShort(at + MAX_PAGES, (short) maxPages);
    }

    /** How many stacked file systems this one and the files behind it may make; 0 without FUSE_PASSTHROUGH. */
    public static void putMaxStackDepth(NativeBuffer memory, int at, int depth) {
        memory.putInt(at + MAX_STACK_DEPTH, depth);
    }

    public static void putTimeGran(NativeBuffer memory, int at, int nanos) {
        memory.putInt(at + TIME_GRAN, nanos);
    }
}

package org.qsd4j.export.fuse.wire;

/** The flags of FUSE_INIT that exports know. Bits from 32 on travel in flags2. */
public final class FuseInitFlags {
    /** Several reads of one file may be under way. */
    public static final long FUSE_ASYNC_READ = 1L;

    /** open(O_TRUNC) arrives as an OPEN with that flag. */
    public static final long FUSE_ATOMIC_O_TRUNC = 1L << 3;

    /** Writes above 4 KiB. */
    public static final long FUSE_BIG_WRITES = 1L << 5;

    /** A job's asynchronous direct I/O is not served one by one. */
    public static final long FUSE_ASYNC_DIO = 1L << 15;

    /** The reply's max_pages counts. */
    public static final long FUSE_MAX_PAGES = 1L << 22;

    /** There is a second word of flags. */
    public static final long FUSE_INIT_EXT = 1L << 30;

    /** Files that are opened for direct I/O can be mapped shared. */
    public static final long FUSE_DIRECT_IO_ALLOW_MMAP = 1L << 36;

    /** OPEN may answer with a file that the kernel then reads without us. */
    public static final long FUSE_PASSTHROUGH = 1L << 37;

    /** Requests may come over io_uring, once every processor's queue has entries; until then they wait. */
    public static final long FUSE_OVER_IO_URING = 1L << 41;

    private FuseInitFlags() {}
}

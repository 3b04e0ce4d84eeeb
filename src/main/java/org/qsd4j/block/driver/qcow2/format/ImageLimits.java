package org.qsd4j.block.driver.qcow2.format;

/** The sizes beyond which tables are refused, before any memory is taken for them. QEMU's limits. */
public final class ImageLimits {
    public static final int MIN_CLUSTER_BITS = 9;
    public static final int MAX_CLUSTER_BITS = 21;
    public static final long MAX_L1_BYTES = 32L << 20;
    public static final long MAX_REFCOUNT_TABLE_BYTES = 8L << 20;
    public static final int MAX_SNAPSHOTS = 65536;
    public static final long MAX_SNAPSHOT_TABLE_BYTES = 1024L * MAX_SNAPSHOTS;
    public static final int MAX_SNAPSHOT_EXTRA_DATA = 1024;
    public static final int MAX_BACKING_FILE_NAME = 1023;

    /** Whatever the options say. */
    public static final long MAX_L2_CACHE = 1L << 31;

    /** Extended L2 entries want subclusters of at least a sector. */
    public static final int MIN_SUBCLUSTER_BITS = 9;

    private ImageLimits() {}
}

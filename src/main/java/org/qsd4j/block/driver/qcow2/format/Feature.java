package org.qsd4j.block.driver.qcow2.format;

/** Feature bits of the header, and their names as the feature name table of new images has them. */
public final class Feature {
    public static final long INCOMPAT_DIRTY = 1L << 0;
    public static final long INCOMPAT_CORRUPT = 1L << 1;
    public static final long INCOMPAT_DATA_FILE = 1L << 2;
    public static final long INCOMPAT_COMPRESSION = 1L << 3;
    public static final long INCOMPAT_EXTL2 = 1L << 4;
    public static final long INCOMPAT_MASK = (1L << 5) - 1;

    public static final long COMPAT_LAZY_REFCOUNTS = 1L << 0;

    public static final long AUTOCLEAR_BITMAPS = 1L << 0;
    public static final long AUTOCLEAR_DATA_FILE_RAW = 1L << 1;
    public static final long AUTOCLEAR_MASK = (1L << 2) - 1;

    /** An entry of the feature name table: type, bit in the mask of that type, name. */
    public record Name(int type, int bit, String name) {
        public static final int SIZE = 48;
        public static final int INCOMPATIBLE = 0;
        public static final int COMPATIBLE = 1;
        public static final int AUTOCLEAR = 2;
    }

    private Feature() {}
}

package org.qsd4j.block.driver.qcow2;

import java.util.List;

/** The classes of metadata that a write is checked against. QEMU: {@code QCOW2_OL_*}. */
final class OverlapCheck {
    static final int MAIN_HEADER = 1 << 0;
    static final int ACTIVE_L1 = 1 << 1;
    static final int ACTIVE_L2 = 1 << 2;
    static final int REFCOUNT_BLOCK = 1 << 3;
    static final int REFCOUNT_TABLE = 1 << 4;
    static final int SNAPSHOT_TABLE = 1 << 5;
    static final int INACTIVE_L1 = 1 << 6;
    static final int INACTIVE_L2 = 1 << 7;
    static final int BITMAP_DIRECTORY = 1 << 8;

    static final int NONE = 0;
    static final int CONSTANT = MAIN_HEADER | ACTIVE_L1 | REFCOUNT_TABLE | SNAPSHOT_TABLE | BITMAP_DIRECTORY;
    static final int CACHED = CONSTANT | ACTIVE_L2 | REFCOUNT_BLOCK | INACTIVE_L1;
    static final int ALL = CACHED | INACTIVE_L2;

    private static final List<String> NAMES = List.of(
            "qcow2_header",
            "active L1 table",
            "active L2 table",
            "refcount block",
            "refcount table",
            "snapshot table",
            "inactive L1 table",
            "inactive L2 table",
            "bitmap directory");

    private OverlapCheck() {}

    /** The class's name in error texts; {@code overlapClass} is one bit. */
    static String describe(int overlapClass) {
        return NAMES.get(Integer.numberOfTrailingZeros(overlapClass));
    }
}

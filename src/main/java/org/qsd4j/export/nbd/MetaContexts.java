package org.qsd4j.export.nbd;

import org.jspecify.annotations.Nullable;

/**
 * The meta contexts that a client has been granted, for one export, by their ids: base:allocation, qemu:allocation-depth,
 * then the export's bitmaps in their order. Confined to the connection; constant once requests flow.
 */
final class MetaContexts {
    static final String BASE_ALLOCATION = "base:allocation";
    static final String QEMU_ALLOCATION_DEPTH = "qemu:allocation-depth";
    static final String QEMU_DIRTY_BITMAP = "qemu:dirty-bitmap:";

    static final int BASE_ALLOCATION_ID = 0;
    static final int ALLOCATION_DEPTH_ID = 1;
    static final int FIRST_BITMAP_ID = 2;

    /** The export that they were asked for; they mean nothing for another one. */
    @Nullable
    NbdTarget target;

    private long ids;

    void clear() {
        target = null;
        ids = 0;
    }

    void copy(MetaContexts other) {
        target = other.target;
        ids = other.ids;
    }

    void grant(int id) {
        ids |= 1L << id;
    }

    boolean any() {
        return ids != 0;
    }

    boolean anyFor(NbdTarget wanted) {
        return target == wanted && any();
    }

    /** @param id as a client sends it: any number */
    boolean contains(int id) {
        return id >= 0 && id < Long.SIZE && (ids >>> id & 1) != 0;
    }

    /** A bit for each id. */
    long mask() {
        return ids;
    }

    /** @param id of a context of the target */
    static String name(int id, NbdTarget target) {
        return switch (id) {
            case BASE_ALLOCATION_ID -> BASE_ALLOCATION;
            case ALLOCATION_DEPTH_ID -> QEMU_ALLOCATION_DEPTH;
            default ->
                QEMU_DIRTY_BITMAP + target.bitmaps.get(id - FIRST_BITMAP_ID).name();
        };
    }
}

package org.qsd4j.export.nbd;

import org.jspecify.annotations.Nullable;

/**
 * The meta contexts that a client has been granted, for one export. Confined to the connection; constant once requests
 * flow.
 */
final class MetaContexts {
    static final String BASE_ALLOCATION = "base:allocation";
    static final String QEMU_ALLOCATION_DEPTH = "qemu:allocation-depth";

    static final int BASE_ALLOCATION_ID = 0;
    static final int ALLOCATION_DEPTH_ID = 1;

    /** The export that they were asked for; they mean nothing for another one. */
    @Nullable
    NbdTarget target;

    boolean baseAllocation;
    boolean allocationDepth;

    void clear() {
        target = null;
        baseAllocation = false;
        allocationDepth = false;
    }

    boolean any() {
        return baseAllocation || allocationDepth;
    }

    boolean anyFor(NbdTarget wanted) {
        return target == wanted && any();
    }

    boolean contains(int id) {
        return switch (id) {
            case BASE_ALLOCATION_ID -> baseAllocation;
            case ALLOCATION_DEPTH_ID -> allocationDepth;
            default -> false;
        };
    }
}

package org.qsd4j.block;

import org.jspecify.annotations.Nullable;

/**
 * The answer of a block-status request: what the first {@link #bytes} bytes of the asked range are. Reused by its owner
 * from request to request, so that asking allocates nothing. QEMU: {@code BDRV_BLOCK_*} with pnum, map and file.
 */
public final class BlockStatus {
    /** The range's contents are in {@link #file} at {@link #map} (if OFFSET_VALID) or somewhere else. */
    public static final int DATA = 0x01;

    /** The range reads as zeroes. */
    public static final int ZERO = 0x02;

    /** {@link #map} is the host offset of the range in {@link #file}. */
    public static final int OFFSET_VALID = 0x04;

    /** Filters and raw: the answer is {@link #file}'s own at {@link #map}. */
    public static final int RAW = 0x08;

    /** The contents of the range are decided by this layer, not by the backing file. */
    public static final int ALLOCATED = 0x10;

    /** The range ends at the end of the node. */
    public static final int EOF = 0x20;

    /** A zero range inside DATA may be found by asking {@link #file}. */
    public static final int RECURSE = 0x40;

    public static final int COMPRESSED = 0x80;

    /** A mask of the constants above. */
    public int flags;

    /** How many bytes from the start of the request share these flags; at least 1 unless the request is at the end. */
    public long bytes;

    /** Host offset, if OFFSET_VALID. */
    public long map;

    /** Where {@link #map} points into. */
    public @Nullable BlockNode file;

    /** Which node of the chain of backing files the answer comes from: 1 is the one that was asked. */
    public int depth;

    private @Nullable BlockStatus below;

    /** A second answer, for looking into the file while this one is kept. */
    BlockStatus below() {
        BlockStatus status = below;
        if (status == null) {
            status = new BlockStatus();
            below = status;
        }
        return status;
    }

    public void set(int flags, long bytes, long map, @Nullable BlockNode file) {
        this.flags = flags;
        this.bytes = bytes;
        this.map = map;
        this.file = file;
    }

    /** Whether any of the flags is set. */
    public boolean is(int flag) {
        return (flags & flag) != 0;
    }
}

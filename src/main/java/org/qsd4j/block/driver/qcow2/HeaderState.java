package org.qsd4j.block.driver.qcow2;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.sys.NativeBuffer;

/**
 * The header's changeable fields. They are changed here first and reach the disk together in one write of the header,
 * which lies within one sector: after a crash it is the old one or the new one. Under the image's metadata lock.
 */
final class HeaderState {
    private final NativeBuffer header = NativeBuffer.allocate(Qcow2Header.LENGTH);
    private final int length;
    private final boolean version3;
    private boolean dirty;

    /** Incompatible features that every header has from now on. Under this object's monitor. */
    private long forced;

    private HeaderState(int length, boolean version3) {
        this.length = length;
        this.version3 = version3;
    }

    static HeaderState of(Qcow2Header parsed) {
        int known = (int) Math.min(parsed.headerLength(), Qcow2Header.LENGTH);
        HeaderState state = new HeaderState(known, parsed.version() >= 3);
        parsed.writeTo(state.header);
        return state;
    }

    boolean isDirty() {
        return dirty;
    }

    void markDirty() {
        dirty = true;
    }

    void setSize(long bytes) {
        header.putLongBE(Qcow2Header.SIZE_FIELD, bytes);
        dirty = true;
    }

    void setL1(long offset, int entries) {
        header.putIntBE(Qcow2Header.L1_SIZE, entries);
        header.putLongBE(Qcow2Header.L1_TABLE_OFFSET, offset);
        dirty = true;
    }

    void setSnapshots(long offset, int count) {
        header.putIntBE(Qcow2Header.NB_SNAPSHOTS, count);
        header.putLongBE(Qcow2Header.SNAPSHOTS_OFFSET, offset);
        dirty = true;
    }

    void setRefcountTable(long offset, int clusters) {
        header.putLongBE(Qcow2Header.REFCOUNT_TABLE_OFFSET, offset);
        header.putIntBE(Qcow2Header.REFCOUNT_TABLE_CLUSTERS, clusters);
        dirty = true;
    }

    long incompatibleFeatures() {
        return version3 ? header.getLongBE(Qcow2Header.INCOMPATIBLE_FEATURES) : 0;
    }

    void setIncompatibleFeatures(long features) {
        header.putLongBE(Qcow2Header.INCOMPATIBLE_FEATURES, features);
        dirty = true;
    }

    long autoclearFeatures() {
        return version3 ? header.getLongBE(Qcow2Header.AUTOCLEAR_FEATURES) : 0;
    }

    void setAutoclearFeatures(long features) {
        header.putLongBE(Qcow2Header.AUTOCLEAR_FEATURES, features);
        dirty = true;
    }

    /** A copy to be written with {@link #write}; the fields count as clean from now on. */
    NativeBuffer capture() {
        NativeBuffer copy = NativeBuffer.allocate(Qcow2Header.LENGTH);
        copy.copyFrom(0, header, 0, Qcow2Header.LENGTH);
        dirty = false;
        return copy;
    }

    /**
     * Sets a bit at once, on disk too, whatever a header on its way there says; 0 or -errno. Only for version 3, from any
     * thread.
     */
    synchronized int writeFeature(BlockChild file, long incompatibleBit) {
        NativeBuffer field = NativeBuffer.allocate(Long.BYTES);
        forced |= incompatibleBit;
        field.putLongBE(0, incompatibleFeatures() | forced);
        return file.write(Qcow2Header.INCOMPATIBLE_FEATURES, field, 0, Long.BYTES, 0);
    }

    /** All fields as they were when this was captured, and on disk. */
    void restore(NativeBuffer captured) {
        header.copyFrom(0, captured, 0, Qcow2Header.LENGTH);
        dirty = false;
    }

    /** Writes a captured header, without a flush; 0 or -errno. */
    synchronized int write(BlockChild file, NativeBuffer captured) {
        if (forced != 0) {
            captured.putLongBE(
                    Qcow2Header.INCOMPATIBLE_FEATURES, captured.getLongBE(Qcow2Header.INCOMPATIBLE_FEATURES) | forced);
        }
        return file.write(0, captured, 0, length, 0);
    }
}

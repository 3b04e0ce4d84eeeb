package org.qsd4j.block;

/** What a parent uses a child for, as bit masks. QEMU: {@code BdrvChildRole}. */
public final class ChildRole {
    /** The guest's data, or a part of it. */
    public static final int DATA = 0x01;

    /** The format's own structures. */
    public static final int METADATA = 0x02;

    /** The parent is a filter, and this is what it filters. */
    public static final int FILTERED = 0x04;

    /** A backing file: what the parent doesn't hold itself. */
    public static final int COW = 0x08;

    /** The one child that stands for the image. */
    public static final int PRIMARY = 0x10;

    /** A format's image file. */
    public static final int IMAGE = DATA | METADATA | PRIMARY;

    private ChildRole() {}
}

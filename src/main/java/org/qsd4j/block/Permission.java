package org.qsd4j.block;

/** What a parent may do with a node, as bit masks. QEMU: {@code BLK_PERM_*}. */
public final class Permission {
    /** Reads see what the guest has written. */
    public static final int CONSISTENT_READ = 0x01;

    public static final int WRITE = 0x02;

    /** Writes that leave the visible contents as they are, copying up from a backing file for example. */
    public static final int WRITE_UNCHANGED = 0x04;

    public static final int RESIZE = 0x08;

    public static final int ALL = 0x0f;

    private Permission() {}

    /** The bits' names in QEMU's error texts: "consistent read, write". */
    public static String names(int mask) {
        StringBuilder text = new StringBuilder();
        append(text, mask, CONSISTENT_READ, "consistent read");
        append(text, mask, WRITE, "write");
        append(text, mask, WRITE_UNCHANGED, "write unchanged");
        append(text, mask, RESIZE, "resize");
        return text.toString();
    }

    private static void append(StringBuilder text, int mask, int bit, String name) {
        if ((mask & bit) != 0) {
            text.append(text.length() == 0 ? "" : ", ").append(name);
        }
    }
}

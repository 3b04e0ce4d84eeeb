package org.qsd4j.block;

/**
 * What a node demands of requests, in bytes. QEMU: {@code BlockLimits}. A driver fills it in when it opens; the generic
 * layer keeps to it (padding, splitting, bouncing). Zero means no limit, except for alignments, which are 1 or more.
 */
public final class BlockLimits {
    /** Offset and length of every read and write. */
    public int requestAlignment = 1;

    /** Address of the memory of every read and write. */
    public int memoryAlignment = 1;

    public int maxTransfer;

    /** What the hardware takes in one request; told to users, not enforced: the kernel cuts requests by itself. */
    public int maxHwTransfer;

    public int maxHwIov;
    public int optTransfer;
    public long maxPdiscard;
    public int pdiscardAlignment = 1;
    public long maxPwriteZeroes;
    public int pwriteZeroesAlignment = 1;

    /**
     * What {@link #memoryAlignment} should be at least for a driver that copies nothing; told to users, not enforced. Only
     * a node without children has its own.
     */
    public int minMemoryAlignment = 512;

    public int optMemoryAlignment = 4096;

    /** What a parent without demands of its own takes over from a child. QEMU: {@code bdrv_merge_limits}. */
    public void inherit(BlockLimits child) {
        maxTransfer = minNonZero(maxTransfer, child.maxTransfer);
        maxHwTransfer = minNonZero(maxHwTransfer, child.maxHwTransfer);
        maxHwIov = minNonZero(maxHwIov, child.maxHwIov);
        optTransfer = Math.max(optTransfer, child.optTransfer);
        pdiscardAlignment = Math.max(pdiscardAlignment, child.pdiscardAlignment);
        optMemoryAlignment = Math.max(optMemoryAlignment, child.optMemoryAlignment);
    }

    private static int minNonZero(int a, int b) {
        return a == 0 || b == 0 ? Math.max(a, b) : Math.min(a, b);
    }
}

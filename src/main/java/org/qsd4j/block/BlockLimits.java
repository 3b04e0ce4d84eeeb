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
    public int optTransfer;
    public long maxPdiscard;
    public int pdiscardAlignment = 1;
    public long maxPwriteZeroes;
    public int pwriteZeroesAlignment = 1;
}

package org.qsd4j.block;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.NativeBuffer;

/**
 * An edge of the graph: a parent's use of a node, with the permissions it has. QEMU: {@code BdrvChild}. The node behind
 * it changes only on the main loop's thread, while the parent is drained.
 */
public final class BlockChild {
    private final String name;
    private volatile BlockNode node;

    /** An edge named {@code name} ("file", "backing", "root"), not yet part of the graph. */
    BlockChild(String name, BlockNode node) {
        this.name = name;
        this.node = node;
    }

    /** The edge's name in its parent: "file", "backing", "data-file", "root". */
    public String name() {
        return name;
    }

    @ThreadSafe
    public BlockNode node() {
        return node;
    }

    /** See {@link BlockNode#read}. */
    public int read(long offset, NativeBuffer buffer, int at, int bytes) {
        return node.read(offset, buffer, at, bytes);
    }

    /** See {@link BlockNode#write}. */
    public int write(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        return node.write(offset, buffer, at, bytes, flags);
    }

    /** See {@link BlockNode#writeZeroes}. */
    public int writeZeroes(long offset, long bytes, int flags) {
        return node.writeZeroes(offset, bytes, flags);
    }

    /** See {@link BlockNode#discard}. */
    public int discard(long offset, long bytes) {
        return node.discard(offset, bytes);
    }

    /** See {@link BlockNode#flush}. */
    public int flush() {
        return node.flush();
    }
}

package org.qsd4j.block;

/** Backends for nodes that are not in a graph. */
public final class TestBackends {
    private TestBackends() {}

    public static BlockBackend of(BlockNode node) {
        return new BlockBackend(new BlockChild("root", node));
    }
}

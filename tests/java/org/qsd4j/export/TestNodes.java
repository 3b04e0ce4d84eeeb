package org.qsd4j.export;

import java.util.HashMap;
import java.util.Map;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.TestBackends;
import org.qsd4j.qapi.QapiException;

/** Nodes by name, without a graph. */
public final class TestNodes implements ExportNodes {
    private final Map<String, BlockNode> nodes = new HashMap<>();

    public void add(String name, BlockNode node) {
        nodes.put(name, node);
    }

    private BlockNode node(String name) {
        BlockNode node = nodes.get(name);
        if (node == null) {
            throw QapiException.generic("Cannot find device='' nor node-name='%s'", name);
        }
        return node;
    }

    @Override
    public boolean isReadOnly(String nodeName) {
        return node(nodeName).isReadOnly();
    }

    @Override
    public BlockBackend open(String nodeName, boolean writable, int extraPermissions) {
        return TestBackends.of(node(nodeName));
    }

    @Override
    public void close(BlockBackend blk) {}
}

package org.qsd4j.daemon;

import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.Permission;
import org.qsd4j.export.ExportNodes;

/** The block graph as exports see it. */
final class GraphExportNodes implements ExportNodes {
    private final BlockGraph graph;

    GraphExportNodes(BlockGraph graph) {
        this.graph = graph;
    }

    @Override
    public boolean isReadOnly(String nodeName) {
        return graph.lookup(null, nodeName).isReadOnly();
    }

    @Override
    public BlockBackend open(String nodeName, boolean writable, int extraPermissions) {
        int permissions = Permission.CONSISTENT_READ | (writable ? Permission.WRITE : 0) | extraPermissions;
        return graph.newBackend(graph.lookup(null, nodeName), permissions, Permission.ALL);
    }

    @Override
    public void close(BlockBackend blk) {
        blk.close();
    }
}

package org.qsd4j.monitor.command;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.NodeQuery;
import org.qsd4j.qapi.gen.BlockCoreCommands;
import org.qsd4j.qapi.gen.BlockDeviceInfo;
import org.qsd4j.qapi.gen.BlockInfo;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** The commands of block-core.json. */
@MainThread
public final class BlockCoreCommandsHandler implements BlockCoreCommands {
    private final BlockGraph graph;

    public BlockCoreCommandsHandler(BlockGraph graph) {
        this.graph = graph;
    }

    /** Always empty: a storage daemon has no devices. */
    @Override
    public List<BlockInfo> queryBlock(@Nullable Boolean flat) {
        return List.of();
    }

    @Override
    public List<BlockDeviceInfo> queryNamedBlockNodes(@Nullable Boolean flat) {
        return NodeQuery.namedBlockNodes(graph, Boolean.TRUE.equals(flat));
    }

    @Override
    public void blockdevAdd(BlockdevOptions arg) {
        graph.add(arg);
    }

    @Override
    public void blockdevDel(String nodeName) {
        graph.delete(nodeName);
    }

    @Override
    public void blockResize(@Nullable String device, @Nullable String nodeName, long size) {
        graph.resize(graph.lookup(device, nodeName), size);
    }
}

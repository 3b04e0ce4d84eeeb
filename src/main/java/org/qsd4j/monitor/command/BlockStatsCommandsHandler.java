package org.qsd4j.monitor.command;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.GraphQuery;
import org.qsd4j.block.StatisticsQuery;
import org.qsd4j.qapi.gen.BlockStats;
import org.qsd4j.qapi.gen.BlockStatsCommands;
import org.qsd4j.qapi.gen.XDbgBlockGraph;

/** The commands of block-stats.json. */
@MainThread
public final class BlockStatsCommandsHandler implements BlockStatsCommands {
    private final BlockGraph graph;

    public BlockStatsCommandsHandler(BlockGraph graph) {
        this.graph = graph;
    }

    /** Of devices there are none: a storage daemon has no guest. */
    @Override
    public List<BlockStats> queryBlockstats(@Nullable Boolean queryNodes) {
        return Boolean.TRUE.equals(queryNodes) ? StatisticsQuery.ofNodes(graph) : List.of();
    }

    @Override
    public XDbgBlockGraph xDebugQueryBlockGraph() {
        return GraphQuery.of(graph);
    }
}

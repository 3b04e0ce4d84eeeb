package org.qsd4j.block;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.gen.BlockDeviceStats;
import org.qsd4j.qapi.gen.BlockStats;

/** Statistics of nodes as query-blockstats tells them. QEMU: {@code bdrv_query_bds_stats}. */
@MainThread
public final class StatisticsQuery {
    private static final int DATA = ChildRole.DATA | ChildRole.FILTERED;

    private StatisticsQuery() {}

    /** All nodes, the oldest first. */
    public static List<BlockStats> ofNodes(BlockGraph graph) {
        List<BlockNode> nodes = graph.nodes();
        Collections.reverse(nodes);
        List<BlockStats> list = new ArrayList<>();
        nodes.forEach(node -> list.add(describe(node)));
        return list;
    }

    private static BlockStats describe(BlockNode node) {
        BlockNode below = dataChild(node);
        return BlockStats.builder()
                .nodeName(node.nodeName())
                .stats(counters(node))
                .driverSpecific(node.driverStatistics())
                .parent(below == null ? null : describe(below))
                .build();
    }

    /** The primary child, unless it holds metadata alone. */
    private static @Nullable BlockNode dataChild(BlockNode node) {
        BlockChild found = null;
        for (BlockChild child : node.children()) {
            boolean isData = (child.role & DATA) != 0;
            if (isData && (child.role & ChildRole.PRIMARY) != 0) {
                return child.node();
            }
            if (isData) {
                found = child;
            }
        }
        return found == null ? null : found.node();
    }

    /** The counters of requests are those of a guest's device, of which there is none. */
    private static BlockDeviceStats counters(BlockNode node) {
        return BlockDeviceStats.builder()
                .rdBytes(0)
                .wrBytes(0)
                .zoneAppendBytes(0)
                .unmapBytes(0)
                .rdOperations(0)
                .wrOperations(0)
                .zoneAppendOperations(0)
                .flushOperations(0)
                .unmapOperations(0)
                .rdTotalTimeNs(0)
                .wrTotalTimeNs(0)
                .zoneAppendTotalTimeNs(0)
                .flushTotalTimeNs(0)
                .unmapTotalTimeNs(0)
                .wrHighestOffset(node.statistics().highestOffset())
                .rdMerged(0)
                .wrMerged(0)
                .zoneAppendMerged(0)
                .unmapMerged(0)
                .failedRdOperations(0)
                .failedWrOperations(0)
                .failedZoneAppendOperations(0)
                .failedFlushOperations(0)
                .failedUnmapOperations(0)
                .invalidRdOperations(0)
                .invalidWrOperations(0)
                .invalidZoneAppendOperations(0)
                .invalidFlushOperations(0)
                .invalidUnmapOperations(0)
                .accountInvalid(false)
                .accountFailed(false)
                .timedStats(List.of())
                .build();
    }
}

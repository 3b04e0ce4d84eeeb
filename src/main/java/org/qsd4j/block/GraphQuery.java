package org.qsd4j.block;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.gen.BlockPermission;
import org.qsd4j.qapi.gen.XDbgBlockGraph;
import org.qsd4j.qapi.gen.XDbgBlockGraphEdge;
import org.qsd4j.qapi.gen.XDbgBlockGraphNode;
import org.qsd4j.qapi.gen.XDbgBlockGraphNodeType;

/**
 * The graph as x-debug-query-block-graph shows it. QEMU: {@code bdrv_get_xdbg_block_graph}. Numbers count from 1 in the
 * order in which something is first met; lists have what was met last first.
 */
@MainThread
public final class GraphQuery {
    private final IdentityHashMap<Object, Long> numbers = new IdentityHashMap<>();
    private final List<XDbgBlockGraphNode> nodes = new ArrayList<>();
    private final List<XDbgBlockGraphEdge> edges = new ArrayList<>();

    private GraphQuery() {}

    /** All of a graph: who uses it, and its nodes. */
    public static XDbgBlockGraph of(BlockGraph graph) {
        GraphQuery query = new GraphQuery();
        for (BlockBackend backend : graph.backends()) {
            query.addNode(backend, XDbgBlockGraphNodeType.BLOCK_BACKEND, "");
            query.addEdge(backend, backend.root());
        }
        List<BlockNode> oldestFirst = graph.nodes();
        Collections.reverse(oldestFirst);
        for (BlockNode node : oldestFirst) {
            query.addNode(node, XDbgBlockGraphNodeType.BLOCK_DRIVER, node.nodeName());
            List<BlockChild> children = new ArrayList<>(node.children());
            Collections.reverse(children);
            children.forEach(child -> query.addEdge(node, child));
        }
        return new XDbgBlockGraph(query.nodes, query.edges);
    }

    private long number(Object thing) {
        return numbers.computeIfAbsent(thing, unknown -> numbers.size() + 1L);
    }

    private void addNode(Object thing, XDbgBlockGraphNodeType type, String name) {
        nodes.add(0, new XDbgBlockGraphNode(number(thing), type, name));
    }

    private void addEdge(Object parent, BlockChild child) {
        long parentNumber = number(parent);
        edges.add(
                0,
                new XDbgBlockGraphEdge(
                        parentNumber,
                        number(child.node()),
                        child.name(),
                        permissions(child.permissions.perm()),
                        permissions(child.permissions.shared())));
    }

    private static List<BlockPermission> permissions(int mask) {
        List<BlockPermission> list = new ArrayList<>();
        add(list, mask, Permission.RESIZE, BlockPermission.RESIZE);
        add(list, mask, Permission.WRITE_UNCHANGED, BlockPermission.WRITE_UNCHANGED);
        add(list, mask, Permission.WRITE, BlockPermission.WRITE);
        add(list, mask, Permission.CONSISTENT_READ, BlockPermission.CONSISTENT_READ);
        return list;
    }

    private static void add(List<BlockPermission> list, int mask, int bit, BlockPermission permission) {
        if ((mask & bit) != 0) {
            list.add(permission);
        }
    }
}

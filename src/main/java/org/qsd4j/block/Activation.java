package org.qsd4j.block;

import java.util.List;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/**
 * Hands images over to another program, and takes them back. An inactive node holds nothing in memory that isn't in its
 * image, no lock, and is not written to; when it becomes active again, sizes and formats are read anew. QEMU: {@code
 * bdrv_activate}, {@code bdrv_inactivate}.
 */
@MainThread
final class Activation {
    private Activation() {}

    /** The node, after everything below it; all of them or none. */
    @SuppressWarnings("try")
    static void activate(BlockGraph graph, NodeState state) {
        try (DrainedSection drained = new DrainedSection(graph)) {
            GraphChange change = new GraphChange(graph);
            try {
                activate(graph, change, state);
            } catch (RuntimeException e) {
                change.undo();
                throw e;
            }
            change.commit();
        }
    }

    private static void activate(BlockGraph graph, GraphChange change, NodeState state) {
        for (BlockChild child : List.copyOf(state.children)) {
            activate(graph, change, child.node().state());
        }
        if (state.flags.active()) {
            return;
        }
        setActive(change, state, true);
        for (BlockBackend backend : graph.backendsOf(state)) {
            change.onUndo(backend::inactivate);
            backend.activate();
        }
        boolean isProtocol = state.driver.isProtocol();
        if (isProtocol) {
            change.reinstantiate(state);
        }
        change.settlePermissions();
        if (!isProtocol) {
            change.reinstantiate(state);
        }
    }

    static void inactivate(BlockGraph graph, NodeState state) {
        if (hasActiveParent(state)) {
            throw QapiException.generic("Node has active parent node");
        }
        run(graph, List.of(state), "Failed to inactivate node");
    }

    static void inactivateAll(BlockGraph graph) {
        List<NodeState> all = graph.nodes().stream().map(BlockNode::state).toList();
        run(graph, all, "Failed to inactivate all nodes");
    }

    @SuppressWarnings("try")
    private static void run(BlockGraph graph, List<NodeState> states, String failure) {
        try (DrainedSection drained = new DrainedSection(graph)) {
            GraphChange change = new GraphChange(graph);
            try {
                for (NodeState state : states) {
                    if (!hasActiveParent(state)) {
                        inactivate(graph, change, state);
                    }
                }
                change.settlePermissions();
            } catch (QapiException e) {
                change.undo();
                throw e.errno() == 0 ? e : QapiException.fromErrno(e.errno(), "%s", failure);
            } catch (RuntimeException e) {
                change.undo();
                throw e;
            }
            change.commit();
        }
    }

    /** A step of a change: the node, if it is active, and what only inactive nodes use below it. */
    static void inactivate(BlockGraph graph, GraphChange change, NodeState state) {
        if (!state.flags.active()) {
            return;
        }
        BlockNode node = Reopening.instance(state);
        node.doSuspend();
        change.onUndo(node::doResume);
        for (BlockBackend backend : graph.backendsOf(state)) {
            if (!backend.mayInactivate()) {
                throw QapiException.fromErrno(Errno.EPERM, "in use");
            }
            backend.inactivate();
            change.onUndo(backend::activate);
        }
        setActive(change, state, false);
        for (BlockChild child : state.children) {
            if (!hasActiveParent(child.node().state())) {
                inactivate(graph, change, child.node().state());
            }
        }
    }

    private static void setActive(GraphChange change, NodeState state, boolean active) {
        state.flags = state.flags.withActive(active);
        change.touch(state);
        change.onUndo(() -> state.flags = state.flags.withActive(!active));
    }

    static boolean hasActiveParent(NodeState state) {
        return state.parents.stream().anyMatch(edge -> edge.parent != null && edge.parent.flags.active());
    }
}

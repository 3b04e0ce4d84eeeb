package org.qsd4j.block;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;

/**
 * The iothread that nodes count as being on: one for all that are connected, null for the main loop. QEMU: {@code
 * bdrv_try_change_aio_context}. Here requests run on the threads that bring them, so that nothing moves; but a user who
 * has fixed the thread is relied on to keep others from moving the node.
 */
@MainThread
final class HomeThread {
    private HomeThread() {}

    /** Moves a node with all that it is connected to. */
    static void move(BlockGraph graph, NodeState state, @Nullable IoThread thread) {
        if (!tryMove(graph, state, thread)) {
            throw QapiException.generic("Cannot change iothread of active block backend");
        }
    }

    /** False, and nothing has changed, if a user insists on where it is. */
    static boolean tryMove(BlockGraph graph, NodeState start, @Nullable IoThread thread) {
        if (start.homeThread == thread) {
            return true;
        }
        Set<NodeState> connected = new HashSet<>();
        collect(start, connected);
        for (BlockBackend backend : graph.backends()) {
            if (backend.isThreadFixed() && connected.contains(backend.node().state())) {
                return false;
            }
        }
        for (NodeState state : connected) {
            state.homeThread = thread;
        }
        return true;
    }

    /** Before an edge connects them: the child goes where the parent is, or the other way round. */
    static void unite(BlockGraph graph, NodeState parent, NodeState child) {
        if (!tryMove(graph, child, parent.homeThread)) {
            move(graph, parent, child.homeThread);
        }
    }

    private static void collect(NodeState state, Set<NodeState> connected) {
        if (connected.add(state)) {
            for (BlockChild edge : state.children) {
                collect(edge.node().state(), connected);
            }
            for (BlockChild edge : state.parents) {
                if (edge.parent != null) {
                    collect(edge.parent, connected);
                }
            }
        }
    }
}

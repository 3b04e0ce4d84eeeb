package org.qsd4j.block;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;

/**
 * While it is open, no request reaches a node from above: those in flight have ended and new ones wait. QEMU: {@code
 * bdrv_drained_begin}. Sections nest.
 *
 * <p>Requests start at backends and run to completion on their threads, so that holding back the backends above a node
 * is enough.
 */
@MainThread
public final class DrainedSection implements AutoCloseable {
    private final Deque<BlockBackend> held = new ArrayDeque<>();

    /** Drains everything that can reach one node. */
    public DrainedSection(BlockGraph graph, BlockNode node) {
        Set<NodeState> above = new HashSet<>();
        collect(node.state(), above);
        for (BlockBackend backend : graph.backends()) {
            if (above.contains(backend.node().state())) {
                hold(backend);
            }
        }
    }

    /** Drains the whole graph. */
    public DrainedSection(BlockGraph graph) {
        graph.backends().forEach(this::hold);
    }

    private static void collect(NodeState state, Set<NodeState> above) {
        if (above.add(state)) {
            for (BlockChild edge : state.parents) {
                if (edge.parent != null) {
                    collect(edge.parent, above);
                }
            }
        }
    }

    /**
     * After a change that can still be undone: nobody may be reading a host file past us that no longer is what the user's
     * node shows.
     *
     * @throws QapiException if somebody is
     */
    public void requirePinsKept() {
        for (BlockBackend backend : held) {
            if (backend.isPinBroken()) {
                throw QapiException.generic(
                        "Node '%s' can't be changed while programs have its export open, which read the file directly"
                                + " (--fuse-passthrough)",
                        backend.node().nodeName());
            }
        }
    }

    private void hold(BlockBackend backend) {
        backend.beginDrain();
        held.push(backend);
    }

    @Override
    public void close() {
        while (!held.isEmpty()) {
            held.pop().endDrain();
        }
    }
}

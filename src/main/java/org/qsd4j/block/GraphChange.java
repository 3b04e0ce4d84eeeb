package org.qsd4j.block;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;

/**
 * Changes of nodes and edges that are all undone if one of them fails. QEMU: a {@code Transaction} over the graph. What
 * it touches is drained from its first step until {@link #commit} or {@link #undo}.
 */
@MainThread
final class GraphChange {
    private final BlockGraph graph;
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final List<Runnable> atCommit = new ArrayList<>();

    /** Whose permissions have to be looked at again. */
    private final Set<NodeState> touched = new LinkedHashSet<>();

    GraphChange(BlockGraph graph) {
        this.graph = graph;
    }

    BlockGraph graph() {
        return graph;
    }

    /** Something that has been done already, and how it is undone. */
    void onUndo(Runnable action) {
        undo.push(action);
    }

    void onCommit(Runnable action) {
        atCommit.add(action);
    }

    void touch(NodeState state) {
        touched.add(state);
    }

    /** An edge leads to another node from now on. */
    void setTarget(BlockChild edge, BlockNode target) {
        BlockNode old = edge.node();
        int position = old.state().parents.indexOf(edge);
        old.state().parents.remove(edge);
        target.state().parents.add(edge);
        target.state().references++;
        edge.retarget(target);
        if (old.serialisesWrites()) {
            target.serialiseWrites();
        }
        touchAll(old.state(), target.state());
        onUndo(() -> {
            target.state().parents.remove(edge);
            old.state().parents.add(position, edge);
            BlockNode now = old.state().node;
            edge.retarget(now == null ? old : now);
            target.state().references--;
        });
        onCommit(() -> graph.release(old.state()));
    }

    /** A node gets a child; its permissions are settled by {@link #settlePermissions}. */
    BlockChild addChild(NodeState parent, String name, BlockNode target, int role) {
        graph.requireFit(parent, name, target);
        BlockChild edge = new BlockChild(name, role, PermissionPolicy.ofRole(role), parent, target);
        target.state().parents.add(edge);
        target.state().references++;
        parent.children.add(edge);
        touchAll(parent, target.state());
        onUndo(() -> {
            parent.children.remove(edge);
            target.state().parents.remove(edge);
            target.state().references--;
        });
        return edge;
    }

    /** What an open node falls back to for what it doesn't hold itself. */
    void setBacking(NodeState state, BlockChild backing) {
        BlockNode node = Reopening.instance(state);
        boolean wasImages = state.backingIsImages;
        state.backingIsImages = false;
        node.doChangeBacking(backing);
        onUndo(() -> {
            node.doChangeBacking(null);
            state.backingIsImages = wasImages;
        });
    }

    void removeChild(NodeState parent, BlockChild edge) {
        NodeState target = edge.node().state();
        int inParent = parent.children.indexOf(edge);
        int inTarget = target.parents.indexOf(edge);
        parent.children.remove(edge);
        target.parents.remove(edge);
        touchAll(parent, target);
        onUndo(() -> {
            parent.children.add(inParent, edge);
            target.parents.add(inTarget, edge);
        });
        onCommit(() -> graph.release(target));
    }

    /** What the parent uses a child for changes, and so what it may do with it. */
    void setRole(BlockChild edge, int role, PermissionPolicy policy) {
        int oldRole = edge.role;
        PermissionPolicy oldPolicy = edge.policy;
        edge.role = role;
        edge.policy = policy;
        NodeState parent = edge.parent;
        onUndo(() -> {
            edge.role = oldRole;
            edge.policy = oldPolicy;
        });
        if (parent != null) {
            touch(parent);
            PermissionUpdate.refresh(parent);
        }
    }

    /** The driver makes another instance of a node, with the flags, options and edges that it has now. */
    void reinstantiate(NodeState state) {
        BlockNode old = Reopening.instance(state);
        setInstance(state, old, state.driver.reopen(new OpenRequest(graph, state, this), old));
    }

    /** Another instance of a node takes the old one's place, in the eyes of all its users. */
    private void setInstance(NodeState state, BlockNode old, BlockNode instance) {
        if (instance == old) {
            return;
        }
        place(state, instance);
        onUndo(() -> {
            place(state, old);
            instance.doClose();
        });
        onCommit(old::doRetire);
    }

    private static void place(NodeState state, BlockNode instance) {
        state.node = instance;
        state.parents.forEach(edge -> edge.retarget(instance));
    }

    /**
     * Everything touched so far gets the permissions that its users now want.
     *
     * @throws QapiException if they can't be had
     */
    void settlePermissions() {
        PermissionUpdate.refresh(touched);
    }

    /** Nothing can fail any more. */
    void commit() {
        touched.forEach(GraphChange::refresh);
        atCommit.forEach(Runnable::run);
    }

    /** Takes all back, the last step first. */
    void undo() {
        while (!undo.isEmpty()) {
            takeBack(undo.pop());
        }
        try {
            PermissionUpdate.refresh(touched);
        } catch (QapiException e) {
            graph.report("Permissions are lost after a change that failed: " + e.getMessage());
        }
        touched.forEach(GraphChange::refresh);
    }

    /** What can't be taken back doesn't keep the rest from it. */
    private void takeBack(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            graph.report("A change that failed could not be taken back: " + e.getMessage());
        }
    }

    private void touchAll(NodeState one, NodeState other) {
        touch(one);
        touch(other);
    }

    private static void refresh(NodeState state) {
        BlockNode node = state.node;
        if (node != null) {
            node.refresh();
        }
    }
}

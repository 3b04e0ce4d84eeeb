package org.qsd4j.block;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;

/**
 * Carries a change of permissions at one edge down the graph, all or nothing: every node below is asked (and takes its
 * locks) before any of them settles. QEMU: {@code bdrv_refresh_perms}.
 */
@MainThread
final class PermissionUpdate {
    private record Saved(BlockChild child, Permissions permissions) {}

    private final List<NodeState> checked = new ArrayList<>();
    private final Deque<Saved> saved = new ArrayDeque<>();

    private PermissionUpdate() {}

    /**
     * Checks the wishes of the node's parents as their edges have them now, and settles everything below.
     *
     * @throws QapiException if they conflict or the node can't have them; nothing has changed then
     */
    static void refresh(NodeState start) {
        refresh(List.of(start));
    }

    /** The same for several nodes at once: what one of them gives up another may have. */
    static void refresh(Collection<NodeState> starts) {
        PermissionUpdate update = new PermissionUpdate();
        try {
            for (NodeState state : parentsFirst(starts)) {
                update.check(state);
            }
        } catch (QapiException e) {
            update.rollBack();
            throw e;
        }
        update.commit();
    }

    private void check(NodeState state) {
        PermissionConflict.check(state);
        Permissions wanted = state.cumulative();
        requireActive(state, wanted);
        requireWritable(state, wanted);
        BlockNode node = state.node;
        if (node != null) {
            requireAlignedSize(node, wanted);
            checked.add(state);
            node.doCheckPermissions(wanted.perm(), wanted.shared());
        }
        for (BlockChild child : state.children) {
            saved.push(new Saved(child, child.permissions));
            child.refreshPermissions(wanted);
        }
    }

    private static void requireActive(NodeState state, Permissions wanted) {
        int refused = wanted.perm() & (Permission.WRITE | Permission.WRITE_UNCHANGED | Permission.RESIZE);
        if (refused != 0 && !state.flags.active()) {
            throw QapiException.generic("Permission '%s' unavailable on inactive node", Permission.names(refused));
        }
    }

    private static void requireWritable(NodeState state, Permissions wanted) {
        int writes = wanted.perm() & (Permission.WRITE | Permission.WRITE_UNCHANGED);
        if (writes != 0 && state.flags.readOnly()) {
            throw state.becomesReadOnly
                    ? QapiException.generic("Read-only block node '%s' cannot support read-write users", state.nodeName)
                    : QapiException.generic("Block node is read-only");
        }
    }

    /** Unaligned writes are padded; the padding must not reach behind an end that may not move. */
    private static void requireAlignedSize(BlockNode node, Permissions wanted) {
        boolean writesOnly = (wanted.perm() & (Permission.WRITE | Permission.RESIZE)) == Permission.WRITE;
        if (writesOnly && node.sectorAlignedLength() % node.limits().requestAlignment != 0) {
            throw QapiException.generic("Cannot get 'write' permission without 'resize': Image size is not a multiple"
                    + " of request alignment");
        }
    }

    private void rollBack() {
        for (Saved old : saved) {
            old.child.permissions = old.permissions;
        }
        for (NodeState state : checked) {
            BlockNode node = state.node;
            if (node != null) {
                node.doAbortPermissions();
            }
        }
    }

    private void commit() {
        for (NodeState state : checked) {
            BlockNode node = state.node;
            if (node != null) {
                Permissions settled = state.cumulative();
                node.doSetPermissions(settled.perm(), settled.shared());
            }
        }
    }

    private static List<NodeState> parentsFirst(Collection<NodeState> starts) {
        Set<NodeState> finished = new LinkedHashSet<>();
        for (NodeState start : starts) {
            visit(start, finished);
        }
        List<NodeState> order = new ArrayList<>(finished);
        Collections.reverse(order);
        return order;
    }

    private static void visit(NodeState state, Set<NodeState> finished) {
        if (finished.contains(state)) {
            return;
        }
        for (BlockChild child : state.children) {
            visit(child.node().state(), finished);
        }
        finished.add(state);
    }
}

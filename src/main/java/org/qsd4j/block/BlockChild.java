package org.qsd4j.block;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.NativeBuffer;

/**
 * An edge of the graph: a parent's use of a node, with the permissions it has. QEMU: {@code BdrvChild}. The node behind
 * it changes only on the main loop's thread, while the parent is drained.
 */
public final class BlockChild {
    private final String name;
    private volatile BlockNode node;

    /** A mask of {@link ChildRole}. Main loop only, as the policy. */
    int role;

    PermissionPolicy policy;

    /** The node above, or null if a backend uses the node. */
    final @Nullable NodeState parent;

    private final String userDescription;

    /** Main loop only. */
    Permissions permissions = Permissions.NONE;

    /** An edge from a node to one of its children. */
    BlockChild(String name, int role, PermissionPolicy policy, NodeState parent, BlockNode node) {
        this.name = name;
        this.role = role;
        this.policy = policy;
        this.parent = parent;
        this.userDescription = "node '" + parent.nodeName + "'";
        this.node = node;
    }

    /** An edge from a backend to its node. */
    BlockChild(String userDescription, BlockNode node) {
        this.name = "root";
        this.role = ChildRole.FILTERED | ChildRole.PRIMARY;
        this.policy = (wanted, state) -> wanted;
        this.parent = null;
        this.userDescription = userDescription;
        this.node = node;
    }

    /** What the parent needs here, if its own users want that of it. A node that force-shares forbids nothing. */
    void refreshPermissions(Permissions wantedOfParent) {
        if (parent != null) {
            Permissions needed = policy.childPermissions(wantedOfParent, parent.parentState());
            boolean forceShare = node.state().flags.forceShare();
            permissions = forceShare ? new Permissions(needed.perm(), Permission.ALL) : needed;
        }
    }

    /** The guest's data are somewhere else after all. */
    @MainThread
    public void dropDataRole() {
        role &= ~ChildRole.DATA;
        policy = PermissionPolicy.ofRole(role);
        if (parent != null) {
            refreshPermissions(parent.cumulative());
        }
        PermissionUpdate.refresh(node.state());
    }

    /** The edge's name in its parent: "file", "backing", "data-file", "root". */
    public String name() {
        return name;
    }

    /** Who uses the node, as error texts say it. */
    String userDescription() {
        return userDescription;
    }

    /** Leads to another instance of the node, or another node. The parent is drained. */
    @MainThread
    void retarget(BlockNode target) {
        node = target;
    }

    @ThreadSafe
    public BlockNode node() {
        return node;
    }

    /** See {@link BlockNode#read}. */
    public int read(long offset, NativeBuffer buffer, int at, int bytes) {
        return node.read(offset, buffer, at, bytes);
    }

    /** See {@link BlockNode#write}. */
    public int write(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        return node.write(offset, buffer, at, bytes, flags);
    }

    /** See {@link BlockNode#writeZeroes}. */
    public int writeZeroes(long offset, long bytes, int flags) {
        return node.writeZeroes(offset, bytes, flags);
    }

    /** See {@link BlockNode#discard}. */
    public int discard(long offset, long bytes) {
        return node.discard(offset, bytes);
    }

    /** Tells the node below which place is reached; see {@link BlockNode#doDebugEvent}. */
    public void debugEvent(BlkdebugEvent event) {
        node.doDebugEvent(event);
    }

    /** See {@link BlockNode#flush}. */
    public int flush() {
        return node.flush();
    }
}

package org.qsd4j.block;

import org.qsd4j.aio.MainThread;

/** What a node needs of a child, given what its own parents need of it. QEMU: {@code bdrv_child_perm}. */
public interface PermissionPolicy {
    /**
     * @param wanted what the node's parents want of it, all together
     * @param state the node's own state
     */
    @MainThread
    Permissions childPermissions(Permissions wanted, ParentState state);

    /**
     * The parent's side.
     *
     * @param writable whether the parent itself may write
     * @param inactive whether another program has the image for now
     */
    record ParentState(boolean writable, boolean inactive) {}

    /** What QEMU's drivers do unless they know better; it depends on the child's role alone. */
    static PermissionPolicy ofRole(int role) {
        if ((role & ChildRole.FILTERED) != 0) {
            return (wanted, state) -> wanted;
        }
        if ((role & ChildRole.COW) != 0) {
            return DefaultPermissions::ofBacking;
        }
        return (wanted, state) -> DefaultPermissions.ofStorage(role, wanted, state);
    }
}

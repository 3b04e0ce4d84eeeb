package org.qsd4j.block;

import static org.qsd4j.block.Permission.CONSISTENT_READ;
import static org.qsd4j.block.Permission.RESIZE;
import static org.qsd4j.block.Permission.WRITE;
import static org.qsd4j.block.Permission.WRITE_UNCHANGED;

import org.qsd4j.block.PermissionPolicy.ParentState;

/** The usual wishes of formats towards their children. QEMU: {@code bdrv_default_perms}. */
final class DefaultPermissions {
    private DefaultPermissions() {}

    /** Nobody writes through a backing link; others may change the backing file only if the parents can bear it. */
    static Permissions ofBacking(Permissions wanted, ParentState state) {
        int shared = CONSISTENT_READ | WRITE_UNCHANGED;
        if ((wanted.shared() & WRITE) != 0 || state.inactive()) {
            shared |= WRITE | RESIZE;
        }
        return new Permissions(wanted.perm() & CONSISTENT_READ, shared);
    }

    static Permissions ofStorage(int role, Permissions wanted, ParentState state) {
        int perm = wanted.perm();
        int shared = wanted.shared();
        if ((role & ChildRole.METADATA) != 0) {
            // A format writes its own structures whenever it likes, and nobody else may touch them.
            perm |= CONSISTENT_READ | (state.writable() ? WRITE | RESIZE : 0);
            shared &= ~(WRITE | RESIZE);
        }
        if ((role & ChildRole.DATA) != 0) {
            // Data lies at fixed places: the file must not shrink below them, and may have to grow for a write.
            perm |= (perm & WRITE) != 0 ? RESIZE : 0;
            shared &= ~RESIZE;
        }
        if (state.inactive()) {
            shared |= WRITE | RESIZE;
        }
        return new Permissions(perm, shared);
    }
}

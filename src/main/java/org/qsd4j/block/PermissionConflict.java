package org.qsd4j.block;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;

/** Two users of a node of whom one wants what the other doesn't share. QEMU: {@code bdrv_parent_perms_conflict}. */
@MainThread
final class PermissionConflict {
    private PermissionConflict() {}

    /** Looks at every pair of the node's users, the newest first. */
    static void check(NodeState state) {
        List<BlockChild> newestFirst = new ArrayList<>(state.parents);
        Collections.reverse(newestFirst);
        for (BlockChild denier : newestFirst) {
            for (BlockChild user : newestFirst) {
                int conflict = user == denier ? 0 : user.permissions.perm() & ~denier.permissions.shared();
                if (conflict != 0) {
                    throw error(user, denier, conflict);
                }
            }
        }
    }

    private static QapiException error(BlockChild a, BlockChild b, int conflict) {
        return QapiException.generic(
                "Permission conflict on node '%s': permissions '%s' are both required by %s and unshared by %s.",
                a.node().nodeName(), Permission.names(conflict), user(a), user(b));
    }

    private static String user(BlockChild child) {
        return String.format(
                "%s (uses node '%s' as '%s' child)",
                child.userDescription(), child.node().nodeName(), child.name());
    }
}

package org.qsd4j.block;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.SnapshotInfo;
import org.qsd4j.sys.Errno;

/** Snapshots inside images, as steps of a transaction. QEMU: {@code internal_snapshot_action}. */
@MainThread
final class InternalSnapshot {
    private final BlockGraph graph;
    private final GraphChange change;

    InternalSnapshot(BlockGraph graph, GraphChange change) {
        this.graph = graph;
        this.change = change;
    }

    void take(String device, String name) {
        BlockNode node = graph.lookupRoot(device);
        if (node.isReadOnly()) {
            throw QapiException.generic("Device '%s' is read only", device);
        }
        SnapshotStore store = storeOf(node);
        if (store == null) {
            throw QapiException.generic(
                    "Block format '%s' used by device '%s' does not support internal snapshots",
                    node.driver().formatName(), device);
        }
        if (name.isEmpty()) {
            throw QapiException.generic("Name is empty");
        }
        if (find(store.list(), null, name) != null) {
            throw QapiException.generic("Snapshot with name '%s' already exists on device '%s'", name, device);
        }
        int result = store.create(name, ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now()));
        if (result < 0) {
            throw QapiException.fromErrno(result, "Failed to create snapshot '%s' on device '%s'", name, device);
        }
        List<SnapshotInfo> present = store.list();
        SnapshotInfo taken = present.get(present.size() - 1);
        change.onUndo(() -> takeBack(store, taken, device));
    }

    private void takeBack(SnapshotStore store, SnapshotInfo taken, String device) {
        int result = store.delete(taken.id(), taken.name());
        if (result < 0) {
            graph.report("Failed to delete snapshot with id '" + taken.id() + "' and name '" + taken.name()
                    + "' on device '" + device + "' in abort: " + Errno.message(-result));
        }
    }

    /** Of the node or, where it has none, of the image that it stands for. QEMU: {@code bdrv_snapshot_fallback}. */
    private static @Nullable SnapshotStore storeOf(BlockNode top) {
        BlockNode node = top;
        while (node != null) {
            SnapshotStore store = node.snapshotStore();
            if (store != null) {
                return store;
            }
            node = fallback(node);
        }
        return null;
    }

    private static @Nullable BlockNode fallback(BlockNode node) {
        BlockNode primary = null;
        for (BlockChild child : node.children()) {
            if ((child.role & ChildRole.PRIMARY) != 0) {
                primary = child.node();
            } else if ((child.role & (ChildRole.DATA | ChildRole.METADATA | ChildRole.FILTERED)) != 0) {
                return null;
            }
        }
        return primary;
    }

    private static @Nullable SnapshotInfo find(
            List<SnapshotInfo> snapshots, @Nullable String id, @Nullable String name) {
        for (SnapshotInfo snapshot : snapshots) {
            if ((id == null || snapshot.id().equals(id))
                    && (name == null || snapshot.name().equals(name))) {
                return snapshot;
            }
        }
        return null;
    }

    /** What has been deleted. */
    SnapshotInfo delete(String device, @Nullable String id, @Nullable String name) {
        BlockNode node = graph.lookupRoot(device);
        if (id == null && name == null) {
            throw QapiException.generic("Name or id must be provided");
        }
        SnapshotStore store = storeOf(node);
        if (store == null) {
            throw QapiException.fromErrno(Errno.ENOTSUP, "Failed to get a snapshot list");
        }
        SnapshotInfo found = find(store.list(), id, name);
        if (found == null) {
            throw QapiException.generic(
                    "Snapshot with id '%s' and name '%s' does not exist on device '%s'",
                    id == null ? "null" : id, name == null ? "null" : name, device);
        }
        int result = store.delete(found.id(), found.name());
        if (result < 0) {
            throw QapiException.fromErrno(result, "Failed to remove snapshot from snapshot list");
        }
        return found;
    }
}

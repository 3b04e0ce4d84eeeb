package org.qsd4j.block;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevSnapshot;
import org.qsd4j.qapi.gen.BlockdevSnapshotInternal;
import org.qsd4j.qapi.gen.BlockdevSnapshotSync;
import org.qsd4j.qapi.gen.SnapshotInfo;
import org.qsd4j.qapi.gen.TransactionAction;

/**
 * Actions that are done in their order, all of them or none. QEMU: {@code qmp_transaction}. Later actions find what the
 * earlier ones have done; if one fails, they are undone, the last one first.
 *
 * <p>Nothing reaches the nodes meanwhile, so that all snapshots of a transaction are of the same moment.
 */
@MainThread
public final class GraphTransaction {
    private final BlockGraph graph;
    private final Consumer<String> out;

    /** {@code out} takes what the real daemon prints about images that it makes. */
    public GraphTransaction(BlockGraph graph, Consumer<String> out) {
        this.graph = graph;
        this.out = out;
    }

    /** Does the actions; throws the error of the first that fails, with none done. */
    public void run(List<TransactionAction> actions) {
        run(change -> actions.forEach(action -> act(action, change)));
    }

    public void snapshot(BlockdevSnapshot arguments) {
        run(change -> new ExternalSnapshot(graph, change).take(arguments));
    }

    public void snapshot(BlockdevSnapshotSync arguments) {
        run(change -> new ExternalSnapshot(graph, change).take(arguments, out));
    }

    public void snapshot(BlockdevSnapshotInternal arguments) {
        run(change -> new InternalSnapshot(graph, change).take(arguments.device(), arguments.name()));
    }

    /** Deletes a snapshot inside an image; the result describes it. */
    public SnapshotInfo deleteSnapshot(String device, @Nullable String id, @Nullable String name) {
        SnapshotInfo[] deleted = new SnapshotInfo[1];
        run(change -> deleted[0] = new InternalSnapshot(graph, change).delete(device, id, name));
        return deleted[0];
    }

    private void act(TransactionAction action, GraphChange change) {
        if (action instanceof TransactionAction.BlockdevSnapshot_ snapshot) {
            new ExternalSnapshot(graph, change).take(snapshot.u().data());
        } else if (action instanceof TransactionAction.BlockdevSnapshotSync_ snapshot) {
            new ExternalSnapshot(graph, change).take(snapshot.u().data(), out);
        } else if (action instanceof TransactionAction.BlockdevSnapshotInternalSync snapshot) {
            BlockdevSnapshotInternal arguments = snapshot.u().data();
            new InternalSnapshot(graph, change).take(arguments.device(), arguments.name());
        } else {
            throw QapiException.generic("Transaction aborted using Abort action");
        }
    }

    @SuppressWarnings("try")
    private void run(Consumer<GraphChange> steps) {
        try (DrainedSection drained = new DrainedSection(graph)) {
            GraphChange change = new GraphChange(graph);
            try {
                steps.accept(change);
                drained.requirePinsKept();
            } catch (RuntimeException e) {
                change.undo();
                throw e;
            }
            change.commit();
        }
    }
}

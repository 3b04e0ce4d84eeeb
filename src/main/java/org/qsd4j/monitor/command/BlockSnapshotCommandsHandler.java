package org.qsd4j.monitor.command;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.BackingName;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.GraphTransaction;
import org.qsd4j.qapi.gen.BlockSnapshotCommands;
import org.qsd4j.qapi.gen.BlockdevSnapshot;
import org.qsd4j.qapi.gen.BlockdevSnapshotInternal;
import org.qsd4j.qapi.gen.BlockdevSnapshotSync;
import org.qsd4j.qapi.gen.NewImageMode;
import org.qsd4j.qapi.gen.SnapshotInfo;

/** The commands of block-snapshot.json. */
@MainThread
public final class BlockSnapshotCommandsHandler implements BlockSnapshotCommands {
    private final BlockGraph graph;
    private final GraphTransaction transaction;

    public BlockSnapshotCommandsHandler(BlockGraph graph, GraphTransaction transaction) {
        this.graph = graph;
        this.transaction = transaction;
    }

    @Override
    public void blockdevSnapshotSync(
            @Nullable String device,
            @Nullable String nodeName,
            String snapshotFile,
            @Nullable String snapshotNodeName,
            @Nullable String format,
            @Nullable NewImageMode mode) {
        transaction.snapshot(new BlockdevSnapshotSync(device, nodeName, snapshotFile, snapshotNodeName, format, mode));
    }

    @Override
    public void blockdevSnapshot(String node, String overlay) {
        transaction.snapshot(new BlockdevSnapshot(node, overlay));
    }

    @Override
    public void blockdevSnapshotInternalSync(String device, String name) {
        transaction.snapshot(new BlockdevSnapshotInternal(device, name));
    }

    @Override
    public SnapshotInfo blockdevSnapshotDeleteInternalSync(String device, @Nullable String id, @Nullable String name) {
        return transaction.deleteSnapshot(device, id, name);
    }

    @Override
    public void changeBackingFile(String device, String imageNodeName, String backingFile) {
        BackingName.change(graph, device, imageNodeName, backingFile);
    }
}

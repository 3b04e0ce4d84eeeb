package org.qsd4j.block;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.PermissionPolicy.ParentState;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.qapi.gen.BlockdevOptions;

/**
 * A node's place in the graph: name, edges, permissions, references. It exists before the node itself does, since a
 * driver opens the children first. QEMU: the half of {@code BlockDriverState} that requests don't touch.
 */
@MainThread
final class NodeState {
    final BlockDriver driver;
    /** The definition: the one that opened it, or the last that reopened it. */
    BlockdevOptions options;

    /** Edges to the nodes below, in the order in which they were attached. */
    final List<BlockChild> children = new ArrayList<>();

    /** Edges from the users above. */
    final List<BlockChild> parents = new ArrayList<>();

    OpenFlags flags;
    String nodeName = "";

    /** Null while its driver is opening it, and once it is closed. */
    @Nullable
    BlockNode node;

    /** One for each parent's edge, one if the monitor owns it, and one for whoever is just working with it. */
    int references;

    boolean monitorOwned;

    final WriteStatistics statistics;

    /** The node whose definition contains this one's, and which passes its own options on to it; null if it was named. */
    @Nullable
    NodeState inheritsFrom;

    /** Was writable until the reopening that is under way. */
    boolean becomesReadOnly;

    /** See {@link BlockNode#resizeLock}. */
    final Object resizeLock = new Object();

    /** See {@link BlockNode#serialiseWrites}. Any thread reads it. */
    volatile boolean serialisesWrites;

    /** See {@link HomeThread}. */
    @Nullable
    IoThread homeThread;

    /** What the node is where its definition doesn't say whether it is active. */
    boolean parentIsActive = true;

    /** The backing file that the image itself names, or null. */
    @Nullable
    String imageBackingFilename;

    /** Whether the backing file was opened because the image names it. */
    boolean backingIsImages;

    /** Whether the driver was chosen by what the image looks like. */
    boolean probed;

    NodeState(BlockDriver driver, BlockdevOptions options, OpenFlags flags, Consumer<QapiEvent> events) {
        this.statistics = new WriteStatistics(this, events);
        this.driver = driver;
        this.options = options;
        this.flags = flags;
    }

    /** What all parents want, and what all of them let others do. QEMU: {@code bdrv_get_cumulative_perm}. */
    Permissions cumulative() {
        Permissions sum = Permissions.NONE;
        for (BlockChild parent : parents) {
            sum = sum.and(parent.permissions);
        }
        return sum;
    }

    ParentState parentState() {
        return new ParentState(isWritable(), !flags.active());
    }

    boolean isWritable() {
        return !flags.readOnly() && flags.active();
    }
}

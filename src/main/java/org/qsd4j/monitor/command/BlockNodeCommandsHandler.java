package org.qsd4j.monitor.command;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockNodeCommands;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.StrOrNull;

/** The commands of block-node.json. */
@MainThread
public final class BlockNodeCommandsHandler implements BlockNodeCommands {
    private final BlockGraph graph;
    private final Function<String, @Nullable IoThread> ioThreads;

    /** {@code ioThreads} finds an iothread by its id. */
    public BlockNodeCommandsHandler(BlockGraph graph, Function<String, @Nullable IoThread> ioThreads) {
        this.graph = graph;
        this.ioThreads = ioThreads;
    }

    @Override
    public void blockSetWriteThreshold(String nodeName, long writeThreshold) {
        graph.setWriteThreshold(nodeName, writeThreshold);
    }

    @Override
    public void xBlockdevChange(String parent, @Nullable String child, @Nullable String node) {
        BlockNode parentNode = graph.lookup(parent, parent);
        if ((child == null) == (node == null)) {
            throw QapiException.generic(
                    child == null
                            ? "Either child or node must be specified"
                            : "The parameters child and node are in conflict");
        }
        if (child != null) {
            BlockChild edge = parentNode.child(child);
            if (edge == null) {
                throw QapiException.generic("Node '%s' does not have child '%s'", parent, child);
            }
            graph.removeChild(parentNode, edge);
        } else {
            BlockNode added = node == null ? null : graph.find(node);
            if (added == null) {
                throw QapiException.generic("Node '%s' not found", String.valueOf(node));
            }
            graph.addChild(parentNode, added);
        }
    }

    @Override
    public void xBlockdevSetIothread(String nodeName, StrOrNull iothread, @Nullable Boolean force) {
        BlockNode node = named(nodeName);
        // Whether the node may be moved comes before whether there is somewhere to move it to.
        graph.requireMovable(node, Boolean.TRUE.equals(force));
        graph.moveTo(thread(iothread), node);
    }

    @Override
    public void blockdevReopen(List<BlockdevOptions> options) {
        graph.reopen(options);
    }

    @Override
    public void blockdevSetActive(@Nullable String nodeName, boolean active) {
        if (nodeName == null) {
            if (active) {
                graph.activateAll();
            } else {
                graph.inactivateAll();
            }
            return;
        }
        BlockNode node = named(nodeName);
        if (active) {
            graph.activate(node);
        } else {
            graph.inactivate(node);
        }
    }

    private BlockNode named(String nodeName) {
        BlockNode node = graph.find(nodeName);
        if (node == null) {
            throw QapiException.generic("Failed to find node with node-name='%s'", nodeName);
        }
        return node;
    }

    private @Nullable IoThread thread(StrOrNull iothread) {
        if (!(iothread instanceof StrOrNull.S named)) {
            return null;
        }
        IoThread thread = ioThreads.apply(named.value());
        if (thread == null) {
            throw QapiException.generic("Cannot find iothread %s", named.value());
        }
        return thread;
    }
}

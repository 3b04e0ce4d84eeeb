package org.qsd4j.block;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;

/**
 * Gives open nodes other options, flags and children, all of them or none. QEMU: {@code bdrv_reopen_multiple}.
 *
 * <p>First all are suspended, so that what they hold in memory is in the image; then every node is checked and its edges
 * are changed. Protocol nodes get their new instances, the permissions of the new graph are settled, and then formats
 * and filters read their images again.
 */
@MainThread
final class Reopening {
    private static final String BACKING = "backing";
    private static final String FILE = "file";

    private final BlockGraph graph;
    private final List<Entry> queue = new ArrayList<>();

    /**
     * A node to reopen.
     *
     * @param keepsOptions only the flags change, with those of the parent
     * @param leftOut the parent's definition doesn't contain it any more
     * @param cacheWishes what children follow
     */
    private record Entry(
            NodeState state,
            BlockdevOptions options,
            OpenFlags flags,
            boolean keepsOptions,
            boolean leftOut,
            CacheWishes cacheWishes) {

        /** A child that the definition contains. */
        Entry child(BlockChild edge, BlockdevOptions own, boolean keeps) {
            NodeState child = edge.node().state();
            return new Entry(
                    child,
                    own,
                    flags.reopenedChild(edge.role, child.flags, own, cacheWishes, keeps),
                    keeps,
                    false,
                    cacheWishes.and(CacheWishes.of(own)));
        }

        Entry childLeftOut(BlockChild edge) {
            NodeState child = edge.node().state();
            return new Entry(child, child.options, child.flags, false, true, cacheWishes);
        }
    }

    private Reopening(BlockGraph graph) {
        this.graph = graph;
    }

    /** The command: every node gets the options given, and the default for what is not. */
    static void reopen(BlockGraph graph, List<BlockdevOptions> nodes) {
        if (nodes.isEmpty()) {
            throw QapiException.generic("There is no node to reopen");
        }
        Reopening reopening = new Reopening(graph);
        for (BlockdevOptions options : nodes) {
            if (options.nodeName() == null) {
                throw QapiException.generic("node-name not specified");
            }
            BlockNode node = graph.find(options.nodeName());
            if (node == null) {
                throw QapiException.generic("Failed to find node with node-name='%s'", options.nodeName());
            }
            OpenFlags old = node.flags();
            OpenFlags flags = OpenFlags.DEFAULTS
                    .withActive(old.active())
                    .withUnmap(old.unmap())
                    .overriddenBy(options)
                    .withForceShare(old.forceShare());
            reopening.enqueue(new Entry(node.state(), options, flags, false, false, CacheWishes.of(options)));
        }
        reopening.run();
    }

    /** The same options, read-only or not. QEMU: {@code bdrv_reopen_set_read_only}. */
    static void setReadOnly(BlockGraph graph, BlockNode node, boolean readOnly) {
        Reopening reopening = new Reopening(graph);
        NodeState state = node.state();
        reopening.enqueue(new Entry(
                state, state.options, state.flags.withReadOnly(readOnly), true, false, CacheWishes.of(state.options)));
        reopening.run();
    }

    private void enqueue(Entry entry) {
        for (int i = 0; i < queue.size(); i++) {
            if (queue.get(i).state == entry.state) {
                queue.set(i, entry);
                enqueueChildren(entry);
                return;
            }
        }
        queue.add(entry);
        enqueueChildren(entry);
    }

    /**
     * Children that the node's definition contains follow its flags, and get their own part of its options. One that the
     * image names, such as a data file, has a definition too, which may not be left out.
     */
    private void enqueueChildren(Entry entry) {
        ObjectNode options = entry.options.toJson();
        for (BlockChild edge : entry.state.children) {
            NodeState child = edge.node().state();
            JsonNode given = options.get(edge.name());
            if (child.inheritsFrom != entry.state) {
                continue;
            }
            if (entry.keepsOptions || isReference(given, child)) {
                enqueue(entry.child(edge, child.options, true));
            } else if (given != null && given.isObject()) {
                enqueue(entry.child(edge, BlockdevOptions.visit(new JsonInputVisitor(given), null), false));
            } else if (given == null && !edge.name().equals(BACKING) && entry.state.driver.supportsReopen()) {
                enqueue(entry.childLeftOut(edge));
            }
        }
    }

    private static boolean isReference(@Nullable JsonNode given, NodeState child) {
        return given != null && given.isTextual() && given.asText().equals(child.nodeName);
    }

    @SuppressWarnings("try")
    private void run() {
        try (DrainedSection drained = new DrainedSection(graph)) {
            GraphChange change = new GraphChange(graph);
            try {
                List<NodeState> order = usersFirst();
                // What is in memory goes to the children that the node has now, which may hold it in memory in turn.
                order.forEach(state -> suspend(state, change));
                queue.forEach(entry -> prepare(entry, change));
                Collections.reverse(order);
                instantiate(order, true, change);
                change.settlePermissions();
                instantiate(order, false, change);
                change.settlePermissions();
                drained.requirePinsKept();
            } catch (RuntimeException e) {
                change.undo();
                throw e;
            }
            change.commit();
        }
    }

    private static void check(Entry entry) {
        if (entry.leftOut) {
            throw QapiException.generic("Option 'driver' cannot be reset to its default value");
        }
        OpenChecks.flags(entry.flags);
        if (!entry.state.driver.supportsReopen()) {
            throw QapiException.generic(
                    "Block format '%s' used by node '%s' does not support reopening files",
                    entry.state.driver.formatName(), entry.state.nodeName);
        }
        if (!entry.keepsOptions) {
            new ReopenOptions(entry.state, ownOptions(entry)).requireNoneReset();
            requireBacking(entry);
        }
    }

    /** Changes flags, options and edges. */
    private static void prepare(Entry entry, GraphChange change) {
        check(entry);
        NodeState state = entry.state;
        // Parents come first in the queue: those that become inactive too are so already.
        if (!entry.flags.active() && state.flags.active() && Activation.hasActiveParent(state)) {
            throw QapiException.generic("Node has active parent node");
        }
        if (!entry.keepsOptions) {
            ReopenOptions options = new ReopenOptions(state, ownOptions(entry));
            changeChildren(entry, change);
            options.requireUnchanged();
        }
        BlockdevOptions oldOptions = state.options;
        OpenFlags oldFlags = state.flags;
        state.becomesReadOnly = entry.flags.readOnly() && !oldFlags.readOnly();
        state.options = entry.options;
        state.flags = entry.flags;
        change.touch(state);
        change.onUndo(() -> {
            state.options = oldOptions;
            state.flags = oldFlags;
            state.becomesReadOnly = false;
        });
        change.onCommit(() -> state.becomesReadOnly = false);
    }

    /** Without the definitions of children, which are compared with the children's own. */
    private static ObjectNode ownOptions(Entry entry) {
        ObjectNode own = entry.options.toJson();
        for (BlockChild edge : entry.state.children) {
            JsonNode given = own.get(edge.name());
            if (given != null && given.isObject() && edge.node().state().inheritsFrom == entry.state) {
                own.remove(edge.name());
            }
        }
        return own;
    }

    private static void requireBacking(Entry entry) {
        NodeState state = entry.state;
        boolean has = state.imageBackingFilename != null || edge(state, BACKING) != null;
        if (state.driver.supportsBacking() && has && !entry.options.toJson().has(BACKING)) {
            throw QapiException.generic("backing is missing for '%s'", state.nodeName);
        }
    }

    private static void changeChildren(Entry entry, GraphChange change) {
        ObjectNode options = entry.options.toJson();
        changeChild(entry, BACKING, options.get(BACKING), change);
        changeChild(entry, FILE, options.get(FILE), change);
    }

    private static void changeChild(Entry entry, String name, @Nullable JsonNode given, GraphChange change) {
        NodeState state = entry.state;
        BlockChild edge = edge(state, name);
        if (given == null || given.isObject()) {
            return;
        }
        if (given.isNull()) {
            if (edge != null) {
                change.removeChild(state, edge);
            }
            return;
        }
        BlockNode target = change.graph().lookup("", given.asText());
        if (edge != null && edge.node() == target) {
            return;
        }
        requireNoCycle(state, name, target.state());
        if (edge == null) {
            change.addChild(state, name, target, ChildRole.COW);
        } else {
            change.graph().requireFit(state, name, target);
            change.setTarget(edge, target);
        }
        if (name.equals(BACKING)) {
            boolean wasImages = state.backingIsImages;
            state.backingIsImages = false;
            change.onUndo(() -> state.backingIsImages = wasImages);
        }
    }

    static void requireNoCycle(NodeState parent, String name, NodeState child) {
        if (reaches(child, parent)) {
            throw QapiException.generic(
                    "Making '%s' a %s child of '%s' would create a cycle", child.nodeName, name, parent.nodeName);
        }
    }

    private static boolean reaches(NodeState from, NodeState to) {
        return from == to
                || from.children.stream().anyMatch(edge -> reaches(edge.node().state(), to));
    }

    private static @Nullable BlockChild edge(NodeState state, String name) {
        for (BlockChild edge : state.children) {
            if (edge.name().equals(name)) {
                return edge;
            }
        }
        return null;
    }

    private static void suspend(NodeState state, GraphChange change) {
        BlockNode node = instance(state);
        node.doSuspend();
        change.onUndo(node::doResume);
    }

    /** The nodes of the queue, each before those that it uses. */
    private List<NodeState> usersFirst() {
        Set<NodeState> usedFirst = new LinkedHashSet<>();
        queue.forEach(entry -> collectBelow(entry.state, usedFirst));
        usedFirst.retainAll(queue.stream().map(Entry::state).toList());
        List<NodeState> order = new ArrayList<>(usedFirst);
        Collections.reverse(order);
        return order;
    }

    private static void collectBelow(NodeState state, Set<NodeState> usedFirst) {
        if (!usedFirst.contains(state)) {
            state.children.forEach(edge -> collectBelow(edge.node().state(), usedFirst));
            usedFirst.add(state);
        }
    }

    private static void instantiate(List<NodeState> usedFirst, boolean protocols, GraphChange change) {
        for (NodeState state : usedFirst) {
            if (state.driver.isProtocol() == protocols) {
                change.reinstantiate(state);
            }
        }
    }

    static BlockNode instance(NodeState state) {
        return Objects.requireNonNull(state.node, "reopened while it is being opened");
    }
}

package org.qsd4j.block;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.aio.MainLoopCalls;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevRef;
import org.qsd4j.sys.Errno;
import org.qsd4j.trace.TracePoint;

/**
 * The nodes, and who uses them. Nodes that a definition names are the monitor's until {@link #delete}; all others live as
 * long as somebody uses them.
 */
@MainThread
public final class BlockGraph {
    private final MainLoop mainLoop;
    private final MainLoopCalls mainLoopCalls;
    private final BlockDrivers drivers;
    private final Consumer<String> errorReport;
    private final Consumer<QapiEvent> events;
    private final NodeNames names = new NodeNames();
    private final List<NodeState> monitorOwned = new ArrayList<>();
    private final List<BlockBackend> backends = new ArrayList<>();

    /** Whether {@link #expediteAll} has been called: it holds for whoever comes later too. */
    private boolean expedited;

    /**
     * @param errorReport takes a line for the person who runs the program, about what no command can be told of any more
     * @param events takes events; on the main loop
     */
    public BlockGraph(
            MainLoop mainLoop, BlockDrivers drivers, Consumer<String> errorReport, Consumer<QapiEvent> events) {
        this.events = event -> mainLoop.execute(() -> events.accept(event));
        this.mainLoop = mainLoop;
        this.mainLoopCalls = new MainLoopCalls(mainLoop);
        this.drivers = drivers;
        this.errorReport = errorReport;
    }

    /** A graph to whose events nobody listens. */
    public BlockGraph(MainLoop mainLoop, BlockDrivers drivers, Consumer<String> errorReport) {
        this(mainLoop, drivers, errorReport, event -> {});
    }

    public BlockDrivers drivers() {
        return drivers;
    }

    /** For threads that need the graph. Any thread. */
    public MainLoopCalls mainLoopCalls() {
        return mainLoopCalls;
    }

    /**
     * Makes a node that the monitor owns. QEMU: {@code qmp_blockdev_add}.
     *
     * @throws QapiException if it can't be opened; nothing is left of it then
     */
    public BlockNode add(BlockdevOptions options) {
        mainLoop.assertInLoop();
        if (options.nodeName() == null) {
            throw QapiException.generic("'node-name' must be specified for the root node");
        }
        return own(open(options, OpenFlags.DEFAULTS));
    }

    /**
     * Opens an image by the name that a person gives, to read only. The monitor owns the node. See {@link ImageFiles}.
     *
     * @param format null to look at the contents
     * @param forceShare open it even if another program writes to it
     */
    public BlockNode addImage(String filename, @Nullable String format, boolean forceShare) {
        mainLoop.assertInLoop();
        if (format != null && drivers.find(format) == null) {
            throw QapiException.generic("Unknown driver '%s'", format);
        }
        OpenFlags flags = OpenFlags.DEFAULTS.withReadOnly(true).withForceShare(forceShare);
        return own(openImage(filename, format, flags));
    }

    private BlockNode own(BlockNode node) {
        node.state().monitorOwned = true;
        monitorOwned.add(node.state());
        return node;
    }

    /**
     * Takes a node from the monitor and closes it. QEMU: {@code qmp_blockdev_del}.
     *
     * @throws QapiException if there is none of that name, or somebody uses it
     */
    public void delete(String nodeName) {
        mainLoop.assertInLoop();
        NodeState state = names.find(nodeName);
        if (state == null || state.node == null) {
            throw QapiException.generic("Failed to find node with node-name='%s'", nodeName);
        }
        requireUnused(state);
        disown(state);
    }

    private static void requireUnused(NodeState state) {
        for (BlockChild user : state.parents) {
            if (user.parent == null) {
                throw QapiException.generic("Node %s is in use", state.nodeName);
            }
        }
        requireNoOverlay(state);
        if (!state.monitorOwned) {
            throw QapiException.generic("Node %s is not owned by the monitor", state.nodeName);
        }
        if (state.references > 1) {
            throw QapiException.generic("Block device %s is in use", state.nodeName);
        }
    }

    /** Refuses what the real daemon's op blockers keep from backing files. */
    static void requireNoOverlay(NodeState state) {
        // The real daemon names the user that came last.
        for (int i = state.parents.size() - 1; i >= 0; i--) {
            BlockChild user = state.parents.get(i);
            NodeState parent = user.parent;
            if (parent != null && (user.role & ChildRole.COW) != 0) {
                throw QapiException.generic(
                        "Node '%s' is busy: node is used as backing hd of '%s'", state.nodeName, parent.nodeName);
            }
        }
    }

    /** The node of that name, or null. */
    public @Nullable BlockNode find(String nodeName) {
        NodeState state = names.find(nodeName);
        return state == null ? null : state.node;
    }

    /**
     * The node of that name, for commands that take a device or a node. QEMU: {@code bdrv_lookup_bs}. There are no
     * devices here, so that a device's name never fits.
     *
     * @throws QapiException if there is none
     */
    public BlockNode lookup(@Nullable String device, @Nullable String nodeName) {
        BlockNode node = nodeName == null ? null : find(nodeName);
        if (node == null) {
            throw QapiException.generic(
                    "Cannot find device='%s' nor node-name='%s'",
                    device == null ? "" : device, nodeName == null ? "" : nodeName);
        }
        return node;
    }

    /**
     * The node of that name, if no node uses it. QEMU: {@code qmp_get_root_bs}.
     *
     * @throws QapiException if there is none, or one does
     */
    public BlockNode lookupRoot(String name) {
        BlockNode node = lookup(name, name);
        if (node.state().parents.stream().anyMatch(edge -> edge.parent != null)) {
            throw QapiException.generic("Need a root block node");
        }
        return node;
    }

    /**
     * Makes an inactive node, and what it stands on, usable again. QEMU: {@code bdrv_activate}.
     *
     * @return the node's instance from now on
     * @throws QapiException if the permissions that its users then have can't be had; all are inactive as before then
     */
    public BlockNode activate(BlockNode node) {
        mainLoop.assertInLoop();
        NodeState state = node.state();
        Activation.activate(this, state);
        return Reopening.instance(state);
    }

    /** The same with all nodes. */
    public void activateAll() {
        mainLoop.assertInLoop();
        nodes().forEach(node -> Activation.activate(this, node.state()));
    }

    /**
     * Leaves a node, and what only inactive nodes use below it, to another program. QEMU: {@code bdrv_inactivate}.
     *
     * @throws QapiException if somebody writes to it, or an active node uses it
     */
    public void inactivate(BlockNode node) {
        mainLoop.assertInLoop();
        Activation.inactivate(this, node.state());
    }

    /**
     * The same with all nodes, or none of them.
     *
     * @throws QapiException if somebody writes to one of them
     */
    public void inactivateAll() {
        mainLoop.assertInLoop();
        Activation.inactivateAll(this);
    }

    /**
     * Gives open nodes other options, flags and children, all or none. QEMU: {@code qmp_blockdev_reopen}.
     *
     * @param nodes definitions of nodes that exist; what they leave out gets its default
     * @throws QapiException if one of them can't be had
     */
    public void reopen(List<BlockdevOptions> nodes) {
        mainLoop.assertInLoop();
        Reopening.reopen(this, nodes);
    }

    /**
     * Has a node count as being on an iothread. QEMU: {@code bdrv_try_change_aio_context}.
     *
     * @param thread null for the main loop
     * @throws QapiException if one of its users insists on another one
     */
    public void moveTo(@Nullable IoThread thread, BlockNode node) {
        mainLoop.assertInLoop();
        HomeThread.move(this, node.state(), thread);
    }

    /**
     * Sets a node's size for somebody who doesn't use it otherwise. QEMU: {@code qmp_block_resize}.
     *
     * @throws QapiException in the real daemon's words
     */
    @SuppressWarnings("try")
    public void resize(BlockNode node, long bytes) {
        if (bytes < 0) {
            throw QapiException.generic("Parameter 'size' expects a >0 size");
        }
        BlockBackend backend = newBackend(node, Permission.RESIZE, Permission.ALL);
        try {
            synchronized (node.resizeLock()) {
                // Raw nodes of one file are as long as that is, so that users of all of them have to wait.
                try (DrainedSection drained = new DrainedSection(this, node.lengthOwner())) {
                    backend.resize(bytes);
                }
            }
        } finally {
            backend.close();
        }
    }

    /**
     * Refuses to move a node by hand that somebody may be using. QEMU: {@code qmp_x_blockdev_set_iothread}.
     *
     * @param force even then
     */
    public void requireMovable(BlockNode node, boolean force) {
        if (!force && node.state().parents.stream().anyMatch(user -> user.parent == null)) {
            throw QapiException.generic(
                    "Node %s is associated with a BlockBackend and could be in use (use force=true to override this"
                            + " check)",
                    node.nodeName());
        }
    }

    /**
     * Adds a child to a node whose driver takes any number. QEMU: {@code bdrv_add_child}.
     *
     * @throws QapiException if the driver doesn't, or the child has a parent already
     */
    @SuppressWarnings("try")
    public void addChild(BlockNode parent, BlockNode child) {
        mainLoop.assertInLoop();
        if (!parent.driver().takesChildren()) {
            throw QapiException.generic("The node %s does not support adding a child", parent.nodeName());
        }
        if (!child.state().parents.isEmpty()) {
            throw QapiException.generic("The node %s already has a parent", child.nodeName());
        }
        try (DrainedSection drained = new DrainedSection(this, parent)) {
            parent.doAddChild(child, (name, role, policy) -> attachChild(parent.state(), name, child, role, policy));
        }
    }

    /**
     * Takes a child from a node whose driver takes any number. QEMU: {@code bdrv_del_child}.
     *
     * @throws QapiException if the driver doesn't, or needs it
     */
    @SuppressWarnings("try")
    public void removeChild(BlockNode parent, BlockChild child) {
        mainLoop.assertInLoop();
        if (!parent.driver().takesChildren()) {
            throw QapiException.generic("The node %s does not support removing a child", parent.nodeName());
        }
        try (DrainedSection drained = new DrainedSection(this, parent)) {
            parent.doRemoveChild(child);
            parent.state().children.remove(child);
            detach(child);
        }
    }

    /** Counts the writes beyond a place as worth an event. QEMU: {@code qmp_block_set_write_threshold}. */
    public void setWriteThreshold(String nodeName, long place) {
        mainLoop.assertInLoop();
        BlockNode node = find(nodeName);
        if (node == null) {
            throw QapiException.generic("Device '%s' not found", nodeName);
        }
        node.statistics().setWriteThreshold(place);
    }

    /** All nodes, the newest first. */
    public List<BlockNode> nodes() {
        List<BlockNode> nodes = new ArrayList<>();
        for (NodeState state : names.newestFirst()) {
            if (state.node != null) {
                nodes.add(state.node);
            }
        }
        return nodes;
    }

    /** A backend with the words that QEMU has for an export's. */
    public BlockBackend newBackend(BlockNode node, int perm, int shared) {
        return newBackend(node, perm, shared, "an unnamed block device");
    }

    /**
     * A new user of a node.
     *
     * @param perm what it does, a mask of {@link Permission}
     * @param shared what others may do meanwhile
     * @param description who it is, for error texts
     * @throws QapiException if others conflict
     */
    public BlockBackend newBackend(BlockNode node, int perm, int shared, String description) {
        mainLoop.assertInLoop();
        BlockChild root = new BlockChild(description, node);
        root.permissions = new Permissions(perm, shared);
        attach(root);
        BlockBackend backend = new BlockBackend(this, root);
        backends.add(backend);
        if (expedited) {
            backend.expedite();
        }
        return backend;
    }

    /**
     * A user of the node that a reference names or defines; a node that it defines lives as long as its users.
     *
     * @throws QapiException if it can't be opened, or others conflict
     */
    public BlockBackend newBackend(BlockdevRef ref, int perm, int shared) {
        mainLoop.assertInLoop();
        BlockNode node = openRef(ref, OpenFlags.DEFAULTS);
        try {
            return newBackend(node, perm, shared);
        } finally {
            release(node.state());
        }
    }

    /**
     * The graph is about to be closed: until then, no node holds requests back on purpose, be it for users of now or for
     * those that a job still makes.
     */
    public void expediteAll() {
        mainLoop.assertInLoop();
        expedited = true;
        backends.forEach(BlockBackend::expedite);
    }

    void closeBackend(BlockBackend backend, BlockChild root) {
        if (backends.remove(backend)) {
            detach(root);
        }
    }

    /** A node and all that is below it, each once. */
    List<BlockNode> reachableFrom(BlockNode top) {
        Set<BlockNode> reachable = new LinkedHashSet<>();
        collectBelow(top, reachable);
        return List.copyOf(reachable);
    }

    private static void collectBelow(BlockNode node, Set<BlockNode> reachable) {
        if (reachable.add(node)) {
            node.state().children.forEach(child -> collectBelow(child.node(), reachable));
        }
    }

    /** Whose node it is. */
    List<BlockBackend> backendsOf(NodeState state) {
        return backends.stream()
                .filter(backend -> backend.node().state() == state)
                .toList();
    }

    List<BlockBackend> backends() {
        return Collections.unmodifiableList(backends);
    }

    /** Gives up all nodes that the monitor owns, in the order in which they were made. Their users are gone already. */
    public void closeAll() {
        mainLoop.assertInLoop();
        for (NodeState state : List.copyOf(monitorOwned)) {
            disown(state);
        }
    }

    private void disown(NodeState state) {
        state.monitorOwned = false;
        monitorOwned.remove(state);
        release(state);
    }

    /**
     * Opens a node; the caller holds one reference.
     *
     * @param defaults what holds where the definition is silent
     */
    BlockNode open(BlockdevOptions options, OpenFlags defaults) {
        return open(options, defaults, false);
    }

    private BlockNode open(BlockdevOptions options, OpenFlags defaults, boolean probed) {
        BlockDriver driver = drivers.find(options.driver().wireName());
        if (driver == null) {
            throw QapiException.generic("Unknown driver '%s'", options.driver().wireName());
        }
        NodeState state = new NodeState(driver, options, defaults.overriddenBy(options), events);
        state.references = 1;
        state.parentIsActive = defaults.active();
        state.probed = probed;
        BlockNode node = openWithDriver(state);
        try {
            OpenChecks.leftOver(driver, options);
        } catch (QapiException e) {
            close(state);
            throw e;
        }
        if (TracePoint.BDRV_OPEN_COMMON.isOn()) {
            TracePoint.BDRV_OPEN_COMMON.log("node %s format_name \"%s\"", node.nodeName(), driver.formatName());
        }
        return node;
    }

    private BlockNode openWithDriver(NodeState state) {
        try {
            if (state.driver.hasFilenames()) {
                reserveName(state);
            }
            BlockNode node = state.driver.open(new OpenRequest(this, state));
            state.node = node;
            return node;
        } catch (RuntimeException e) {
            discard(state);
            throw e;
        }
    }

    /** The node that a reference names, or a new one; the caller holds one reference. */
    BlockNode openRef(BlockdevRef ref, OpenFlags inherited) {
        if (ref instanceof BlockdevRef.Definition definition) {
            return open(definition.value(), inherited);
        }
        String name = ((BlockdevRef.Reference) ref).value();
        BlockNode node = lookup(name, name);
        node.state().references++;
        return node;
    }

    /** Opens an image by its file name; see {@link ImageFiles}. The caller holds one reference. */
    BlockNode openImage(String filename, @Nullable String format, OpenFlags inherited) {
        ImageFiles files = new ImageFiles(this, inherited);
        BlockdevOptions definition = files.image(filename, format);
        return open(definition, inherited, files.hasProbed());
    }

    /** Opens a file without a format above it, unless one is named. The caller holds one reference. */
    BlockNode openFile(String filename, @Nullable String format, OpenFlags inherited) {
        return open(new ImageFiles(this, inherited).file(filename, format), inherited);
    }

    /** Enters the node in the list, once. A format's file comes before the format itself, its other children after. */
    void reserveName(NodeState state) {
        if (state.nodeName.isEmpty()) {
            OpenChecks.flags(state.flags);
            names.assign(state);
        }
    }

    BlockChild attachChild(NodeState parent, String name, BlockNode node, int role, PermissionPolicy policy) {
        requireFit(parent, name, node);
        BlockChild child = new BlockChild(name, role, policy, parent, node);
        child.refreshPermissions(parent.cumulative());
        attach(child);
        parent.children.add(child);
        return child;
    }

    /** Whether the node can become a child: as active as the parent, on the same thread. */
    void requireFit(NodeState parent, String name, BlockNode node) {
        if (parent.flags.active() && !node.flags().active()) {
            throw QapiException.generic(
                    "Inactive '%s' can't be a %s child of active '%s'", node.nodeName(), name, parent.nodeName);
        }
        HomeThread.unite(this, parent, node.state());
    }

    /** For the person who runs the program; no command can be told. */
    void report(String line) {
        errorReport.accept(line);
    }

    private static void attach(BlockChild child) {
        NodeState state = child.node().state();
        state.parents.add(child);
        try {
            PermissionUpdate.refresh(state);
        } catch (QapiException e) {
            state.parents.remove(child);
            throw e;
        }
        state.references++;
    }

    private void detach(BlockChild child) {
        NodeState state = child.node().state();
        state.parents.remove(child);
        try {
            PermissionUpdate.refresh(state);
        } catch (QapiException e) {
            // Whoever leaves can't be held back; those who stay keep what they were granted.
        }
        // Back to the main loop, unless somebody who stays is against it.
        boolean unused = HomeThread.tryMove(this, state, null);
        release(state);
    }

    /** Gives a reference back; the last one closes the node. */
    void release(NodeState state) {
        if (--state.references == 0) {
            close(state);
        }
    }

    private void close(NodeState state) {
        BlockNode node = state.node;
        if (node != null) {
            int result = node.isReadOnly() ? 0 : node.flush();
            // A node without its medium has been given up before, with its own report.
            if (result < 0 && result != -Errno.ENOMEDIUM) {
                errorReport.accept("Failed flush for '" + state.nodeName + "' during close: " + Errno.message(-result));
            }
            node.doClose();
        }
        discard(state);
    }

    private void discard(NodeState state) {
        state.node = null;
        names.remove(state);
        for (BlockChild child : List.copyOf(state.children)) {
            state.children.remove(child);
            detach(child);
        }
    }
}

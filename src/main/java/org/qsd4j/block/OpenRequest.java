package org.qsd4j.block;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevRef;
import org.qsd4j.qapi.gen.BlockdevRefOrNull;

/**
 * What a driver gets to open a node with. Children that it opens here are locked and usable at once, and become the
 * node's when {@link BlockDriver#open} returns; if that throws, they are closed again.
 */
@MainThread
public final class OpenRequest {
    private final BlockGraph graph;
    private final NodeState state;
    private final @Nullable GraphChange reopening;

    OpenRequest(BlockGraph graph, NodeState state) {
        this(graph, state, null);
    }

    /** {@code reopening}: the node has an instance already, and its children; the change undoes what the driver does. */
    OpenRequest(BlockGraph graph, NodeState state, @Nullable GraphChange reopening) {
        this.graph = graph;
        this.state = state;
        this.reopening = reopening;
    }

    NodeState state() {
        return state;
    }

    /** The definition; a driver casts it to its own branch. */
    public BlockdevOptions options() {
        return state.options;
    }

    public OpenFlags flags() {
        return state.flags;
    }

    public boolean isReadOnly() {
        return !state.isWritable();
    }

    /** Null if the format was named, as it should be. */
    public @Nullable ProbedFormat probedFormat() {
        return state.probed ? new ProbedFormat(graph.drivers(), state.driver) : null;
    }

    /** The name of the node to be; an implicit one is chosen when it is first asked for. */
    public String nodeName() {
        graph.reserveName(state);
        return state.nodeName;
    }

    /**
     * Goes on read-only, if the node isn't anyway. QEMU: {@code bdrv_apply_auto_read_only}.
     *
     * @param reason the error if {@code auto-read-only} doesn't allow that
     * @throws QapiException with the reason
     */
    public void applyAutoReadOnly(String reason) {
        if (state.flags.readOnly()) {
            return;
        }
        if (!state.flags.autoReadOnly()) {
            throw QapiException.generic("%s", reason);
        }
        state.flags = state.flags.withReadOnly(true);
    }

    /** Opens or finds a child and takes the permissions that the role's usual policy says. */
    public BlockChild openChild(String name, BlockdevRef ref, int role) {
        return openChild(name, ref, role, PermissionPolicy.ofRole(role));
    }

    /**
     * Opens or finds a child and takes its permissions.
     *
     * @param role a mask of {@link ChildRole}
     */
    public BlockChild openChild(String name, BlockdevRef ref, int role, PermissionPolicy policy) {
        BlockChild kept = keptChild(name, role, policy);
        if (kept != null) {
            return kept;
        }
        if (ref instanceof BlockdevRef.Reference reference) {
            requireOther(name, reference.value());
        }
        BlockNode child = graph.openRef(ref, inherited(role));
        return adopt(name, child, role, policy, ref instanceof BlockdevRef.Definition);
    }

    /** Which children an open node has is settled before its driver reopens it; their roles may change then. */
    private @Nullable BlockChild keptChild(String name, int role, PermissionPolicy policy) {
        if (reopening != null) {
            for (BlockChild child : state.children) {
                if (child.name().equals(name)) {
                    reopening.setRole(child, role, policy);
                    return child;
                }
            }
        }
        return null;
    }

    /**
     * Opens the backing file: the one that the definition names, else the one that the image names.
     *
     * @param ref the definition's {@code backing}; null if it has none
     * @param filename what the image says, already made absolute or relative to our directory; null if it says nothing
     * @param format the driver that the image says; null to look at the contents
     * @return null if there is none, or the definition wants none
     */
    public @Nullable BlockChild openBacking(
            @Nullable BlockdevRefOrNull ref, @Nullable String filename, @Nullable String format) {
        if (reopening != null) {
            String before = state.imageBackingFilename;
            state.imageBackingFilename = filename;
            reopening.onUndo(() -> state.imageBackingFilename = before);
            return keptChild("backing", ChildRole.COW, PermissionPolicy.ofRole(ChildRole.COW));
        }
        OpenFlags inherited = inherited(ChildRole.COW);
        BlockNode child;
        state.imageBackingFilename = filename;
        state.backingIsImages = ref == null;
        if (ref instanceof BlockdevRefOrNull.Definition definition) {
            child = openBackingDefinition(definition.value(), inherited);
        } else if (ref instanceof BlockdevRefOrNull.Reference reference) {
            if (reference.value().isEmpty()) {
                return null;
            }
            requireOther("backing", reference.value());
            child = openBackingReference(reference.value(), inherited);
        } else if (ref == null && filename != null) {
            child = openBackingFile(filename, format, inherited);
        } else {
            return null;
        }
        boolean inherits = !(ref instanceof BlockdevRefOrNull.Reference);
        return adopt("backing", child, ChildRole.COW, PermissionPolicy.ofRole(ChildRole.COW), inherits);
    }

    /**
     * Like {@link #openBacking}, but never takes the format from the contents: a guest that writes them could then read any
     * file of the host.
     *
     * @throws QapiException if only the image names the file, and doesn't say its format
     */
    public @Nullable BlockChild openBackingOfKnownFormat(
            @Nullable BlockdevRefOrNull ref, @Nullable String filename, @Nullable String format) {
        if (ref == null && filename != null && format == null && !filename.startsWith("json:")) {
            throw QapiException.generic(
                    "The image doesn't say the format of its backing file '%s': define it with 'backing'", filename);
        }
        return openBacking(ref, filename, format);
    }

    /**
     * Opens a child by its file name, as an image's header names a data file.
     *
     * @param format the driver, or null for the protocol that the name implies
     */
    public BlockChild openFileChild(String name, String filename, @Nullable String format, int role) {
        BlockChild kept = keptChild(name, role, PermissionPolicy.ofRole(role));
        if (kept != null) {
            return kept;
        }
        BlockNode child = graph.openFile(filename, format, inherited(role));
        return adopt(name, child, role, PermissionPolicy.ofRole(role), true);
    }

    /** Copies what reads find in backing files into the child's node, which from now on keeps its writes apart. */
    @SuppressWarnings("try")
    public CopyOnRead copyOnRead(BlockChild child) {
        BlockNode node = child.node();
        try (DrainedSection drained = new DrainedSection(graph, node)) {
            node.serialiseWrites();
        }
        return new CopyOnRead(child);
    }

    /** The node of that name, or null. */
    public @Nullable BlockNode find(String nodeName) {
        return graph.find(nodeName);
    }

    /** The node has its name, but nobody can find it yet. */
    private void requireOther(String name, String reference) {
        if (!state.nodeName.isEmpty() && state.nodeName.equals(reference)) {
            throw QapiException.generic(
                    "Making '%s' a %s child of '%s' would create a cycle", reference, name, state.nodeName);
        }
    }

    private BlockNode openBackingReference(String nodeName, OpenFlags inherited) {
        try {
            return graph.openRef(new BlockdevRef.Reference(nodeName), inherited);
        } catch (QapiException e) {
            throw e.prepend("Could not open backing file: ");
        }
    }

    private BlockNode openBackingDefinition(BlockdevOptions definition, OpenFlags inherited) {
        try {
            return graph.open(definition, inherited);
        } catch (QapiException e) {
            throw e.prepend("Could not open backing file: ");
        }
    }

    private BlockNode openBackingFile(String filename, @Nullable String format, OpenFlags inherited) {
        try {
            return graph.openImage(filename, format, inherited);
        } catch (QapiException e) {
            throw e.prepend("Could not open backing file: ");
        }
    }

    /** Whether the node is active is settled with its name, and counts for the children that are opened after that. */
    private OpenFlags inherited(int role) {
        return state.flags
                .inherited(role)
                .withActive(state.nodeName.isEmpty() ? state.parentIsActive : state.flags.active());
    }

    private BlockChild adopt(String name, BlockNode child, int role, PermissionPolicy policy, boolean inherits) {
        try {
            if (inherits) {
                child.state().inheritsFrom = state;
            }
            graph.reserveName(state);
            return graph.attachChild(state, name, child, role, policy);
        } finally {
            graph.release(child.state());
        }
    }
}

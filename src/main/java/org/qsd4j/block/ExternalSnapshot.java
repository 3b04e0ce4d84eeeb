package org.qsd4j.block;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevSnapshot;
import org.qsd4j.qapi.gen.BlockdevSnapshotSync;
import org.qsd4j.qapi.gen.NewImageMode;

/** Puts an overlay on a node, as a step of a transaction. QEMU: {@code external_snapshot_action}. */
@MainThread
final class ExternalSnapshot {
    private static final String BACKING = "backing";
    private static final String QCOW2 = "qcow2";

    private final BlockGraph graph;
    private final GraphChange change;

    ExternalSnapshot(BlockGraph graph, GraphChange change) {
        this.graph = graph;
        this.change = change;
    }

    void take(BlockdevSnapshot arguments) {
        BlockNode node = graph.lookup(arguments.node(), arguments.node());
        prepare(node);
        BlockNode overlay = graph.lookup(arguments.overlay(), arguments.overlay());
        append(node, overlay);
    }

    /** {@code out} takes what the real daemon prints about the image that it makes. */
    void take(BlockdevSnapshotSync arguments, Consumer<String> out) {
        BlockNode node = graph.lookup(arguments.device(), arguments.nodeName());
        prepare(node);
        String name = arguments.snapshotNodeName();
        if (name == null) {
            throw QapiException.generic("New overlay node-name missing");
        }
        if (graph.find(name) != null) {
            throw QapiException.generic("New overlay node-name already in use");
        }
        String format = arguments.format() == null ? QCOW2 : arguments.format();
        if (arguments.mode() != NewImageMode.EXISTING) {
            create(node, arguments.snapshotFile(), format, out);
        }
        BlockNode overlay = open(node, arguments.snapshotFile(), format, name);
        change.onUndo(() -> graph.release(overlay.state()));
        append(node, overlay);
        change.onCommit(() -> graph.release(overlay.state()));
    }

    private static void prepare(BlockNode node) {
        BlockGraph.requireNoOverlay(node.state());
        if (!node.isReadOnly() && node.flush() < 0) {
            throw QapiException.generic("An IO error has occurred");
        }
    }

    private void create(BlockNode node, String filename, String format, Consumer<String> out) {
        BlockDriver driver = graph.drivers().find(format);
        if (driver == null || driver.isProtocol()) {
            throw QapiException.generic("Unknown file format '%s'", format);
        }
        if (!driver.supportsCreate() && driver.supportsBacking()) {
            throw QapiException.generic("Format driver '%s' does not support image creation", format);
        }
        if (!driver.supportsBacking()) {
            throw QapiException.generic("Backing file not supported for file format '%s'", format);
        }
        String backing = node.filename();
        if (filename.equals(backing)) {
            throw QapiException.generic("Error: Trying to create an image with the same filename as the backing file");
        }
        long size = node.sectorAlignedLength();
        out.accept("Formatting '" + filename + "', fmt=" + format
                + " cluster_size=65536 extended_l2=off compression_type=zlib size=" + size + " backing_file="
                + backing.replace(",", ",,")
                + " backing_fmt=" + node.driver().formatName() + " lazy_refcounts=off refcount_bits=16\n");
        String protocol = graph.drivers().ofPath(filename);
        ObjectNode file = QapiJson.object().put("driver", protocol).put("filename", filename);
        // A device is there already.
        if (protocol.equals("file")) {
            create(file.deepCopy().put("size", 0));
        }
        ObjectNode image = QapiJson.object().put("driver", format).put("size", size);
        image.put("backing-file", backing).put("backing-fmt", node.driver().formatName());
        image.set("file", file);
        create(image);
    }

    private void create(ObjectNode options) {
        BlockDriver driver = graph.drivers().find(options.get("driver").asText());
        if (driver == null) {
            throw new IllegalStateException(options.toString());
        }
        driver.create(graph, BlockdevCreateOptions.visit(new JsonInputVisitor(options), null))
                .run();
    }

    /** Without the backing file that the image names: that is open already. */
    private BlockNode open(BlockNode node, String filename, String format, String name) {
        BlockDriver driver = graph.drivers().find(format);
        if (driver == null) {
            throw QapiException.generic("Unknown driver '%s'", format);
        }
        OpenFlags flags = node.flags().ofOverlay();
        ObjectNode options =
                new ImageFiles(graph, flags).image(filename, format).toJson();
        options.put("node-name", name);
        if (driver.supportsBacking()) {
            options.putNull(BACKING);
        }
        return graph.open(BlockdevOptions.visit(new JsonInputVisitor(options), null), flags);
    }

    private void append(BlockNode node, BlockNode overlay) {
        NodeState below = node.state();
        NodeState above = overlay.state();
        if ((above.cumulative().perm() & Permission.CONSISTENT_READ) != 0) {
            throw QapiException.generic("The overlay is already in use");
        }
        if (overlay.child(BACKING) != null) {
            throw QapiException.generic("The overlay already has a backing image");
        }
        if (above.driver.isFilter()) {
            throw QapiException.generic("Filters cannot be used as overlays");
        }
        if (!above.driver.supportsBacking()) {
            throw QapiException.generic("The overlay does not support backing images");
        }
        Reopening.requireNoCycle(above, BACKING, below);
        if (!below.flags.active()) {
            Activation.inactivate(graph, change, above);
        }
        List<BlockChild> users = List.copyOf(below.parents);
        change.setBacking(above, change.addChild(above, BACKING, node, ChildRole.COW));
        for (BlockChild user : users) {
            change.setTarget(user, overlay);
        }
        change.settlePermissions();
        change.onCommit(() -> makeReadOnly(node.nodeName()));
    }

    /** Nobody writes to it any more; if it can't be read-only all the same, no harm is done. */
    private void makeReadOnly(String nodeName) {
        @Nullable BlockNode node = graph.find(nodeName);
        if (node == null || node.isReadOnly() || !node.driver().supportsReopen()) {
            return;
        }
        try {
            Reopening.setReadOnly(graph, node, true);
        } catch (QapiException e) {
            graph.report("Node '" + nodeName + "' stays writable: " + e.getMessage());
        }
    }
}

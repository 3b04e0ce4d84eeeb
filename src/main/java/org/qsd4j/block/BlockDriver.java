package org.qsd4j.block;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;

/**
 * Opens nodes of one format or protocol. Without state: one instance serves every graph. QEMU: {@code BlockDriver}; its
 * data-path half is {@link BlockNode}'s {@code do…} methods.
 */
public interface BlockDriver {
    /** The driver's name in the schema and in replies: "file", "qcow2". */
    String formatName();

    /** Whether the driver is at the bottom of the graph, and so has no child that it gets its image from. */
    default boolean isProtocol() {
        return false;
    }

    /** Whether a node's file name may name what is above it; a filter's may if it has a prefix of its own. */
    default boolean hasFilenames() {
        return isProtocol();
    }

    /** Whether the node shows exactly what its child shows. */
    default boolean isFilter() {
        return false;
    }

    /** Whether children come and go while the node is in use. QEMU: the driver has {@code bdrv_add_child}. */
    default boolean takesChildren() {
        return false;
    }

    /** Whether {@code backing} is an option of the driver. */
    default boolean supportsBacking() {
        return false;
    }

    /**
     * Opens a node. What has been opened through the request is closed again if this throws.
     *
     * @throws QapiException in the real daemon's words
     */
    @MainThread
    BlockNode open(OpenRequest request);

    /**
     * Another instance of an open node, after a change of its options, flags or children; or the same one, if it takes
     * the changes as they are. The old one is suspended ({@link BlockNode#doSuspend}) and drained; it is retired when
     * the change is settled, and resumed if the change fails, after the new one has been closed.
     *
     * <p>An instance of a protocol is made before permissions are granted, any other one after that.
     *
     * @throws QapiException in the real daemon's words
     */
    @MainThread
    default BlockNode reopen(OpenRequest request, BlockNode old) {
        return open(request);
    }

    /** Whether an open node takes other options. QEMU: the driver has {@code bdrv_reopen_prepare}. */
    default boolean supportsReopen() {
        return true;
    }

    /** Options, by wire name, that a reopening may change but, once given, not leave out. */
    default Set<String> changeableOptions() {
        return Set.of();
    }

    /** Options, by wire name, that a reopening may change or leave out. QEMU: {@code mutable_opts}. */
    default Set<String> mutableOptions() {
        return Set.of();
    }

    /** Whether {@link #create} makes images. */
    default boolean supportsCreate() {
        return false;
    }

    /**
     * Makes an image, from the driver's own branch of the options. QEMU: {@code bdrv_co_create}.
     *
     * @return the work that may take long: any thread runs it once, and it throws QapiException like this method. For the
     *     graph it turns to {@link BlockGraph#mainLoopCalls}
     * @throws QapiException in the real daemon's words
     */
    @MainThread
    default Runnable create(BlockGraph graph, BlockdevCreateOptions options) {
        throw QapiException.generic("Driver does not support blockdev-create");
    }

    /**
     * The options that a file name stands for, if it is one of this protocol's ({@code nbd://…}).
     *
     * @return a {@code BlockdevOptions} tree with its {@code driver}, or null for somebody else's name
     */
    default @Nullable ObjectNode parseFilename(String filename) {
        return null;
    }

    /** Whether a plain path is the driver's to open, not {@code file}'s. QEMU: {@code bdrv_probe_device}. */
    @MainThread
    default boolean takesPath(String filename) {
        return false;
    }

    /**
     * How sure the driver is that an image is its own, 0 (not) to 100; the surest wins.
     *
     * @param head the image's first bytes, at most 2048
     */
    default int probe(byte[] head) {
        return 0;
    }

    /** Options, by wire name, that change what a guest sees; a file name alone doesn't describe a node that has one. */
    default Set<String> strongOptions() {
        return Set.of();
    }
}

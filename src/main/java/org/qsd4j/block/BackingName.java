package org.qsd4j.block;

import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;

/** Writes another name of the backing file into an image. QEMU: {@code qmp_change_backing_file}. */
@MainThread
public final class BackingName {
    private static final String BACKING = "backing";

    private BackingName() {}

    /**
     * @param device the top of the chain in which the image is
     * @throws QapiException if there is no such node, or the image can't be changed
     */
    public static void change(BlockGraph graph, String device, String imageNodeName, String name) {
        BlockNode top = graph.lookupRoot(device);
        BlockNode image = graph.lookup(null, imageNodeName);
        if (image.child(BACKING) == null && !image.driver().isFilter()) {
            throw QapiException.generic("not allowing backing file change on an image without a backing file");
        }
        if (!isInChain(top, image)) {
            throw QapiException.generic("'%s' and image file are not in the same chain", device);
        }
        boolean wasReadOnly = image.isReadOnly();
        if (wasReadOnly) {
            Reopening.setReadOnly(graph, image, false);
        }
        try {
            write(graph, graph.lookup(null, imageNodeName), name);
        } finally {
            if (wasReadOnly) {
                Reopening.setReadOnly(graph, graph.lookup(null, imageNodeName), true);
            }
        }
    }

    private static boolean isInChain(BlockNode top, BlockNode image) {
        for (BlockNode node = top; node != image; ) {
            BlockChild below = node.filteredOrBacking();
            if (below == null) {
                return false;
            }
            node = below.node();
        }
        return true;
    }

    /** The image is suspended for it and then read again, since its header has another layout. */
    @SuppressWarnings("try")
    private static void write(BlockGraph graph, BlockNode image, String name) {
        NodeState state = image.state();
        try (DrainedSection drained = new DrainedSection(graph, image)) {
            GraphChange change = new GraphChange(graph);
            try {
                image.doSuspend();
                change.onUndo(image::doResume);
                // The format is the image's own, not its backing file's: so does the real daemon.
                int result = image.doChangeBackingFile(name, image.driver().formatName());
                if (result < 0) {
                    throw QapiException.fromErrno(result, "Could not change backing file to '%s'", name);
                }
                change.touch(state);
                change.reinstantiate(state);
            } catch (RuntimeException e) {
                change.undo();
                throw e;
            }
            change.commit();
        }
    }
}

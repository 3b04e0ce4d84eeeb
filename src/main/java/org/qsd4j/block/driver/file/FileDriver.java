package org.qsd4j.block.driver.file;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevAioOptions;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsFile;
import org.qsd4j.qapi.gen.OnOffAuto;

/**
 * Driver {@code file}. QEMU: {@code file-posix.c}.
 *
 * <p>Every request is a system call on the thread that brings it, whatever {@code aio} says: {@code threads}, {@code
 * native} and {@code io_uring} are taken and checked as QEMU does, and {@code aio-max-batch} has nothing to batch.
 * {@code drop-cache} and {@code x-check-cache-dropped} concern incoming migration, which a storage daemon never sees.
 */
public final class FileDriver implements BlockDriver {
    private static final String PREFIX = "file:";

    @Override
    public String formatName() {
        return "file";
    }

    @Override
    public boolean isProtocol() {
        return true;
    }

    @Override
    public Set<String> strongOptions() {
        return Set.of("filename");
    }

    @Override
    public @Nullable ObjectNode parseFilename(String filename) {
        if (!filename.startsWith(PREFIX)) {
            return null;
        }
        ObjectNode options = JsonNodeFactory.instance.objectNode();
        options.put("driver", formatName());
        options.put("filename", filename.substring(PREFIX.length()));
        return options;
    }

    @Override
    public boolean supportsCreate() {
        return true;
    }

    @Override
    public Runnable create(BlockGraph graph, BlockdevCreateOptions options) {
        return FileCreation.create(graph, ((BlockdevCreateOptions.File) options).u());
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsFile options = ((BlockdevOptions.File) request.options()).u();
        if (options.filename().isEmpty()) {
            throw QapiException.generic("The 'file' block driver requires a file name");
        }
        if (options.prManager() != null) {
            throw QapiException.generic("No persistent reservation manager with id '%s'", options.prManager());
        }
        FileDescriptors descriptors = FileDescriptors.open(options.filename(), request.flags());
        try {
            if (options.aio() == BlockdevAioOptions.NATIVE && !request.flags().direct()) {
                throw QapiException.generic(
                        "aio=native was specified, but it requires cache.direct=on, which was not specified.");
            }
            FileLocks locks = options.locking() == OnOffAuto.OFF ? null : new FileLocks(descriptors.lockFd());
            return new FileNode(request, options.filename(), descriptors, locks);
        } catch (QapiException e) {
            descriptors.close();
            throw e;
        }
    }

    @Override
    public Set<String> changeableOptions() {
        return Set.of("drop-cache");
    }

    @Override
    public Set<String> mutableOptions() {
        return Set.of("x-check-cache-dropped");
    }

    /** The file is opened again, since the flags of an open one can't all be changed. */
    @Override
    public BlockNode reopen(OpenRequest request, BlockNode old) {
        return ((FileNode) old).reopen(request);
    }
}

package org.qsd4j.block.driver.file;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevAioOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsFile;
import org.qsd4j.qapi.gen.OnOffAuto;
import org.qsd4j.sys.FileStat;

/**
 * What the drivers of files and devices share. QEMU: {@code file-posix.c}.
 *
 * <p>Every request is a system call on the thread that brings it, whatever {@code aio} says: {@code threads}, {@code
 * native} and {@code io_uring} are taken and checked as QEMU does, and {@code aio-max-batch} has nothing to batch.
 * {@code drop-cache} and {@code x-check-cache-dropped} concern incoming migration, which a storage daemon never sees.
 */
abstract class PosixDriver implements BlockDriver {
    /** This driver's branch of the options. */
    abstract BlockdevOptionsFile options(BlockdevOptions options);

    /** @throws QapiException if it is not of the kind that the driver is for */
    abstract void requireKind(FileStat stat, String filename);

    abstract FileNode node(
            OpenRequest request, String filename, FileDescriptors descriptors, @Nullable FileLocks locks);

    @Override
    public boolean isProtocol() {
        return true;
    }

    @Override
    public Set<String> strongOptions() {
        return Set.of("filename");
    }

    /** The driver's name, a colon and a path. */
    @Override
    public @Nullable ObjectNode parseFilename(String filename) {
        String prefix = formatName() + ":";
        if (!filename.startsWith(prefix)) {
            return null;
        }
        ObjectNode options = JsonNodeFactory.instance.objectNode();
        options.put("driver", formatName());
        options.put("filename", filename.substring(prefix.length()));
        return options;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsFile options = options(request.options());
        if (options.filename().isEmpty()) {
            throw QapiException.generic("The '%s' block driver requires a file name", formatName());
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
            requireKind(descriptors.stat(), options.filename());
            descriptors.requireWritable();
            FileLocks locks = options.locking() == OnOffAuto.OFF ? null : new FileLocks(descriptors.lockFd());
            return node(request, options.filename(), descriptors, locks);
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

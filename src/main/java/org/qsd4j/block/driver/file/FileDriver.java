package org.qsd4j.block.driver.file;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsFile;
import org.qsd4j.sys.FileStat;

/** Driver {@code file}: regular files. QEMU: {@code bdrv_file}. */
public final class FileDriver extends PosixDriver {
    @Override
    public String formatName() {
        return "file";
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
    BlockdevOptionsFile options(BlockdevOptions options) {
        return ((BlockdevOptions.File) options).u();
    }

    @Override
    void requireKind(FileStat stat, String filename) {
        if (!stat.isRegularFile()) {
            throw QapiException.generic("'file' driver requires '%s' to be a regular file", filename);
        }
    }

    @Override
    FileNode node(OpenRequest request, String filename, FileDescriptors descriptors, @Nullable FileLocks locks) {
        return new FileNode(request, filename, descriptors, locks);
    }
}

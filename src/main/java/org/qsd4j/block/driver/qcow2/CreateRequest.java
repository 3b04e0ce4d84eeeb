package org.qsd4j.block.driver.qcow2;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainLoopCalls;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.Permission;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.BlockdevCreateOptionsQcow2;
import org.qsd4j.qapi.gen.BlockdevQcow2Version;
import org.qsd4j.qapi.gen.BlockdevRef;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.qapi.gen.Qcow2CompressionType;

/** {@code blockdev-create} with driver qcow2, on any thread. QEMU: {@code qcow2_co_create}. */
final class CreateRequest {
    private static final int STORAGE = Permission.WRITE | Permission.RESIZE;

    private final BlockGraph graph;
    private final MainLoopCalls calls;
    private final BlockdevCreateOptionsQcow2 request;
    private final Function<String, byte[]> secrets;

    private CreateRequest(BlockGraph graph, BlockdevCreateOptionsQcow2 request, Function<String, byte[]> secrets) {
        this.graph = graph;
        this.calls = graph.mainLoopCalls();
        this.secrets = id -> calls.call(() -> secrets.apply(id));
        this.request = request;
    }

    static void create(BlockGraph graph, BlockdevCreateOptionsQcow2 request, Function<String, byte[]> secrets) {
        new CreateRequest(graph, request, secrets).create();
    }

    /** Users without any wish keep the nodes alive from one step to the next. */
    private void create() {
        BlockBackend file = open(request.file(), 0);
        BlockBackend dataFile = null;
        try {
            BlockdevRef data = request.dataFile();
            dataFile = data == null ? null : open(data, 0);
            create(file, dataFile);
        } finally {
            close(dataFile);
            close(file);
        }
    }

    private BlockBackend open(BlockdevRef ref, int perm) {
        return calls.call(() -> graph.newBackend(ref, perm, Permission.ALL));
    }

    private void close(@Nullable BlockBackend backend) {
        if (backend != null) {
            calls.run(backend::close);
        }
    }

    private void create(BlockBackend file, @Nullable BlockBackend dataFile) {
        CreateOptions options = options(dataFile);
        write(file, storage -> ImageCreation.create(storage, options));
        if (dataFile != null) {
            // What the file holds stays: a raw one may be the guest's disk already, and longer than this image.
            boolean shrinks = options.preallocation() == PreallocMode.OFF && !options.dataFileRaw();
            write(dataFile, storage -> {
                if (shrinks || storage.length() < options.size()) {
                    storage.truncate(options.size(), false, PreallocMode.OFF, 0);
                }
            });
        }
        if (options.preallocation() != PreallocMode.OFF || options.dataFileRaw()) {
            preallocate(file, dataFile, options);
        }
    }

    private void write(BlockBackend user, Consumer<BlockBackend> work) {
        BlockBackend storage = calls.call(() -> graph.newBackend(user.node(), STORAGE, Permission.ALL));
        try {
            work.accept(storage);
        } finally {
            close(storage);
        }
    }

    private CreateOptions options(@Nullable BlockBackend dataFile) {
        boolean v2 = request.version() == BlockdevQcow2Version.V2;
        Long refcountBits = request.refcountBits();
        Long clusterSize = request.clusterSize();
        return new CreateOptions(
                request.size(),
                v2 ? 2 : 3,
                clusterSize == null ? CreateOptions.DEFAULT_CLUSTER_SIZE : clusterSize,
                request.backingFile(),
                request.backingFmt() == null ? null : request.backingFmt().wireName(),
                dataFile != null,
                dataFile == null ? null : calls.call(() -> dataFile.node().exactFilename()),
                Boolean.TRUE.equals(request.dataFileRaw()),
                Boolean.TRUE.equals(request.extendedL2()),
                Boolean.TRUE.equals(request.lazyRefcounts()),
                refcountBits == null ? CreateOptions.DEFAULT_REFCOUNT_BITS : refcountBits,
                request.compressionType() == Qcow2CompressionType.ZSTD,
                NewEncryption.of(request.encrypt(), secrets),
                request.preallocation() == null ? PreallocMode.OFF : request.preallocation());
    }

    /** A raw data file shows the guest's disk without our tables, so every cluster has its place from the start. */
    private void preallocate(BlockBackend file, @Nullable BlockBackend dataFile, CreateOptions options) {
        ObjectNode definition = QapiJson.object()
                .put("driver", "qcow2")
                .put("file", file.node().nodeName())
                .putNull("backing");
        if (dataFile != null) {
            definition.put("data-file", dataFile.node().nodeName());
        }
        NewEncryption encryption = options.encryption();
        if (encryption != null) {
            definition.set("encrypt", encryption.definition());
        }
        BlockBackend image = open(BlockdevRef.visit(new JsonInputVisitor(definition), null), Permission.RESIZE);
        PreallocMode mode =
                options.preallocation() == PreallocMode.OFF ? PreallocMode.METADATA : options.preallocation();
        try {
            image.perform(node -> preallocate(node, options.size(), mode));
        } finally {
            close(image);
        }
    }

    private static void preallocate(BlockNode node, long size, PreallocMode mode) {
        if (!(node instanceof Qcow2Node image)) {
            throw QapiException.generic("Could not open the new image");
        }
        image.preallocate(0, size, mode);
    }
}

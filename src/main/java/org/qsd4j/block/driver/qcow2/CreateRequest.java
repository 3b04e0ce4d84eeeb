package org.qsd4j.block.driver.qcow2;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
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

/** {@code blockdev-create} with driver qcow2. QEMU: {@code qcow2_co_create}. */
@MainThread
final class CreateRequest {
    private static final int STORAGE = Permission.WRITE | Permission.RESIZE;

    private final BlockGraph graph;
    private final BlockdevCreateOptionsQcow2 request;
    private final Function<String, byte[]> secrets;

    private CreateRequest(BlockGraph graph, BlockdevCreateOptionsQcow2 request, Function<String, byte[]> secrets) {
        this.graph = graph;
        this.secrets = secrets;
        this.request = request;
    }

    static void create(BlockGraph graph, BlockdevCreateOptionsQcow2 request, Function<String, byte[]> secrets) {
        new CreateRequest(graph, request, secrets).create();
    }

    /** Users without any wish keep the nodes alive from one step to the next. */
    private void create() {
        BlockBackend file = graph.newBackend(request.file(), 0, Permission.ALL);
        BlockBackend dataFile = null;
        try {
            BlockdevRef data = request.dataFile();
            dataFile = data == null ? null : graph.newBackend(data, 0, Permission.ALL);
            create(file.node(), dataFile == null ? null : dataFile.node());
        } finally {
            if (dataFile != null) {
                dataFile.close();
            }
            file.close();
        }
    }

    private void create(BlockNode file, @Nullable BlockNode dataFile) {
        CreateOptions options = options(dataFile);
        write(file, storage -> ImageCreation.create(storage, options));
        if (dataFile != null) {
            long dataLength = options.dataFileRaw() ? options.size() : 0;
            write(dataFile, storage -> {
                storage.truncate(0, false, PreallocMode.OFF, 0);
                storage.truncate(dataLength, false, PreallocMode.OFF, 0);
            });
        }
        if (options.preallocation() != PreallocMode.OFF || options.dataFileRaw()) {
            preallocate(file, dataFile, options);
        }
    }

    private void write(BlockNode node, Consumer<BlockBackend> work) {
        BlockBackend storage = graph.newBackend(node, STORAGE, Permission.ALL);
        try {
            work.accept(storage);
        } finally {
            storage.close();
        }
    }

    private CreateOptions options(@Nullable BlockNode dataFile) {
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
                dataFile == null ? null : dataFile.exactFilename(),
                Boolean.TRUE.equals(request.dataFileRaw()),
                Boolean.TRUE.equals(request.extendedL2()),
                Boolean.TRUE.equals(request.lazyRefcounts()),
                refcountBits == null ? CreateOptions.DEFAULT_REFCOUNT_BITS : refcountBits,
                request.compressionType() == Qcow2CompressionType.ZSTD,
                NewEncryption.of(request.encrypt(), secrets),
                request.preallocation() == null ? PreallocMode.OFF : request.preallocation());
    }

    /** A raw data file shows the guest's disk without our tables, so every cluster has its place from the start. */
    private void preallocate(BlockNode file, @Nullable BlockNode dataFile, CreateOptions options) {
        ObjectNode definition = QapiJson.object()
                .put("driver", "qcow2")
                .put("file", file.nodeName())
                .putNull("backing");
        if (dataFile != null) {
            definition.put("data-file", dataFile.nodeName());
        }
        NewEncryption encryption = options.encryption();
        if (encryption != null) {
            definition.set("encrypt", encryption.definition());
        }
        BlockBackend image = graph.newBackend(
                BlockdevRef.visit(new JsonInputVisitor(definition), null), Permission.RESIZE, Permission.ALL);
        try {
            if (!(image.node() instanceof Qcow2Node node)) {
                throw QapiException.generic("Could not open the new image");
            }
            PreallocMode mode =
                    options.preallocation() == PreallocMode.OFF ? PreallocMode.METADATA : options.preallocation();
            node.preallocate(0, options.size(), mode);
        } finally {
            image.close();
        }
    }
}

package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.KeyvalInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.ProcessCalls;

/** An image file in the making: first the files, then the format in them. QEMU: {@code bdrv_co_create_opts}. */
final class NewImageFile {
    private static final int MODE = 0644;
    private static final int SECTOR = 512;
    private static final String NODE = "new";
    private static final String DATA_NODE = "new-data";
    private static final Map<String, String> VERSIONS = Map.of("0.10", "v2", "1.1", "v3");

    private final BlockGraph graph;
    private final FormatOptions options;
    private final boolean overwrite;
    /** What would be left behind by a failure. */
    private final List<String> made = new ArrayList<>();

    /** @param overwrite files that exist are emptied, unless somebody has them locked; else they are left alone */
    NewImageFile(BlockGraph graph, FormatOptions options, boolean overwrite) {
        this.graph = graph;
        this.options = options;
        this.overwrite = overwrite;
    }

    void create(String path, String format, long size) {
        try {
            switch (format) {
                case "raw" -> createFile(path, rounded(size), options.get("preallocation"));
                case "luks" -> createLuks(path, size);
                default -> createQcow2(path, rounded(size));
            }
        } catch (QapiException e) {
            graph.closeAll();
            made.forEach(NewImageFile::remove);
            throw e;
        }
    }

    private static void remove(String path) {
        // It is the first error that counts.
        int ignored = ProcessCalls.unlink(path);
    }

    private static long rounded(long size) {
        return (size + SECTOR - 1) & -SECTOR;
    }

    private void createLuks(String path, long size) {
        createFile(path, 0, null);
        addNode(NODE, path);
        ObjectNode volume = QapiJson.object().put("driver", "luks").put("size", Long.toString(size));
        options.values().forEach((name, value) -> {
            if (name.contains("-") && !name.equals("detached-header")) {
                volume.put(name, value);
            }
        });
        putUnlessNull(volume, "preallocation", options.get("preallocation"));
        create("luks", volume.put(options.isOn("detached-header") ? "header" : "file", NODE));
    }

    private void createQcow2(String path, long size) {
        createFile(path, 0, null);
        addNode(NODE, path);
        ObjectNode image =
                QapiJson.object().put("driver", "qcow2").put("file", NODE).put("size", Long.toString(size));
        String dataFile = options.get("data_file");
        if (dataFile != null) {
            createFile(dataFile, 0, null);
            addNode(DATA_NODE, dataFile);
            image.put("data-file", DATA_NODE);
        }
        String compat = options.get("compat");
        putUnlessNull(image, "version", compat == null ? null : VERSIONS.getOrDefault(compat, compat));
        putUnlessNull(image, "backing-file", options.get(FormatOptions.BACKING_FILE));
        putUnlessNull(image, "backing-fmt", options.get(FormatOptions.BACKING_FORMAT));
        for (String name : List.of(
                "cluster_size",
                "compression_type",
                "data_file_raw",
                "extended_l2",
                "lazy_refcounts",
                "preallocation",
                "refcount_bits")) {
            putUnlessNull(image, name.replace('_', '-'), options.get(name));
        }
        options.values().forEach((name, value) -> {
            if (name.startsWith("encrypt.")) {
                image.withObject("/encrypt").put(name.substring("encrypt.".length()), value);
            }
        });
        create("qcow2", image);
    }

    private void createFile(String path, long size, @Nullable String preallocation) {
        if (!overwrite) {
            int fd = Libc.open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, MODE);
            if (fd == -Errno.EEXIST) {
                throw QapiException.generic("'%s' exists already; --force overwrites it", path);
            }
            if (fd < 0) {
                throw QapiException.fromErrno(fd, "Could not create '%s'", path);
            }
            Libc.close(fd);
            made.add(path);
        }
        ObjectNode file =
                QapiJson.object().put("driver", "file").put("filename", path).put("size", Long.toString(size));
        putUnlessNull(file, "preallocation", preallocation);
        putUnlessNull(file, "nocow", options.get("nocow"));
        putUnlessNull(file, "extent-size-hint", options.get("extent_size_hint"));
        create("file", file);
    }

    private static void putUnlessNull(ObjectNode definition, String name, @Nullable String value) {
        if (value != null) {
            definition.put(name, value);
        }
    }

    private void addNode(String name, String path) {
        ObjectNode file =
                QapiJson.object().put("driver", "file").put("node-name", name).put("filename", path);
        graph.add(BlockdevOptions.visit(new JsonInputVisitor(file), null));
    }

    private void create(String driverName, ObjectNode definition) {
        BlockDriver driver = graph.drivers().find(driverName);
        if (driver == null) {
            throw QapiException.generic("Unknown driver '%s'", driverName);
        }
        driver.create(graph, BlockdevCreateOptions.visit(new KeyvalInputVisitor(definition), null))
                .run();
    }
}

package org.qsd4j.export.fuse;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.block.MemoryNode;
import org.qsd4j.block.TestGraph;
import org.qsd4j.export.BlockExports;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.BlockExportOptions;

/** Exports of nodes in memory, mounted for real in a directory of their own; closed and unmounted at the end. */
final class FuseFixture implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    final Path dir;
    final TestGraph nodes = new TestGraph(new MemoryNode.Driver(8 << 20));
    final List<String> events = Collections.synchronizedList(new ArrayList<>());
    final List<String> errors = Collections.synchronizedList(new ArrayList<>());
    final Map<String, IoThread> ioThreads = new HashMap<>();
    final BlockExports exports;

    /** Over the device, until a test wants something else. */
    final FuseExportDriver driver;

    FuseFixture(Path dir) {
        this(dir, line -> {});
    }

    /** @param more gets the error lines, too, as they come */
    FuseFixture(Path dir, Consumer<String> more) {
        this.dir = dir;
        this.driver = new FuseExportDriver(line -> {
            errors.add(line);
            more.accept(line);
        });
        driver.setIoUring(FuseSwitch.OFF);
        this.exports = new BlockExports(
                new MainLoop(),
                nodes.graph,
                ioThreads::get,
                event -> events.add(event.name() + " " + event.data()),
                List.of(driver));
    }

    MemoryNode node(String name, long size) {
        return (MemoryNode) nodes.add("{'driver': 'null-co', 'node-name': '" + name + "', 'size': " + size + "}");
    }

    /** Exports a node as "e" on a new file "m" with more options in JSON, such as {@code "'growable': true"}. */
    Path export(MemoryNode node, String options) throws IOException {
        Path mountpoint = Files.createFile(dir.resolve("m"));
        exports.add(options("e", node.nodeName(), mountpoint, options));
        return mountpoint;
    }

    static BlockExportOptions options(String id, String node, Path mountpoint, String more) throws IOException {
        ObjectNode json = (ObjectNode) MAPPER.readTree("{" + more.replace('\'', '"') + "}");
        json.put("type", "fuse");
        json.put("id", id);
        json.put("node-name", node);
        json.put("mountpoint", mountpoint.toString());
        return BlockExportOptions.visit(new JsonInputVisitor(json), null);
    }

    @Override
    public void close() {
        if (!exports.closeAll(TimeUnit.SECONDS.toNanos(10))) {
            throw new AssertionError("exports are still there: " + exports.query());
        }
        nodes.close();
    }
}

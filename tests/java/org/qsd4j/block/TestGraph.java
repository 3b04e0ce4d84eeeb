package org.qsd4j.block;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.block.driver.file.FileDriver;
import org.qsd4j.block.driver.nullco.NullDriver;
import org.qsd4j.block.driver.raw.RawDriver;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** A graph with the core drivers and whichever a test adds; nodes are defined in JSON, single quotes are fine. */
public final class TestGraph implements AutoCloseable {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonReadFeature.ALLOW_SINGLE_QUOTES).build();

    /** What the graph has reported to its person. */
    public final List<String> reports = new ArrayList<>();

    public final BlockGraph graph;

    public TestGraph(BlockDriver... more) {
        List<BlockDriver> drivers = new ArrayList<>(List.of(new FileDriver(), new RawDriver(), NullDriver.nullCo()));
        drivers.addAll(List.of(more));
        graph = new BlockGraph(new MainLoop(), new BlockDrivers(drivers), reports::add);
    }

    public static BlockdevOptions options(String json) {
        return BlockdevOptions.visit(new JsonInputVisitor(json(json)), null);
    }

    /** JSON in which single quotes are fine. */
    public static JsonNode json(String json) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    public BlockNode add(String json) {
        return graph.add(options(json));
    }

    /** A backend that reads, writes and resizes, and lets others do the same. */
    public BlockBackend writer(BlockNode node) {
        return graph.newBackend(node, Permission.ALL, Permission.ALL);
    }

    public BlockBackend reader(BlockNode node) {
        return graph.newBackend(node, Permission.CONSISTENT_READ, Permission.ALL);
    }

    @Override
    public void close() {
        for (BlockBackend backend : List.copyOf(graph.backends())) {
            backend.close();
        }
        graph.closeAll();
    }
}

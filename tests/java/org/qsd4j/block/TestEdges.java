package org.qsd4j.block;

import java.util.List;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.qapi.gen.BlockdevDetectZeroesOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Edges and nodes outside any graph, for tests that drive a node directly. */
public final class TestEdges {
    private TestEdges() {}

    public static BlockChild of(String name, BlockNode node) {
        return new BlockChild(name, node);
    }

    /** A request that no graph has made, for the constructor of a node. */
    public static OpenRequest request(BlockDriver driver, BlockdevOptions options, boolean readOnly) {
        BlockGraph graph = new BlockGraph(new MainLoop(), new BlockDrivers(List.of(driver)), line -> {});
        OpenFlags flags =
                new OpenFlags(readOnly, false, false, false, true, false, BlockdevDetectZeroesOptions.OFF, true);
        return new OpenRequest(graph, new NodeState(driver, options, flags, event -> {}));
    }
}

package org.qsd4j.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.block.TestGraph;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockExportType;

class BlockExportsTest {
    private final TestGraph nodes = new TestGraph();
    private final List<String> events = new ArrayList<>();
    private final List<SlowExport> open = new ArrayList<>();
    private final BlockExports exports = new BlockExports(
            new MainLoop(),
            nodes.graph,
            name -> null,
            event -> events.add(String.valueOf(event.data())),
            List.of(new SlowExportDriver()));

    @AfterEach
    void close() {
        nodes.close();
    }

    /** The order of QEMU's events, though the oldest export is the first to end here. */
    @Test
    void closeAllDeletesTheNewestExportFirstWhateverEndsFirst() throws Exception {
        nodes.add("{'driver': 'null-co', 'node-name': 'n', 'size': 4096}");
        for (String id : List.of("a", "b", "c")) {
            add(id);
        }
        Thread ender = new Thread(() -> open.forEach(SlowExport::end));
        ender.start();
        assertThat(exports.closeAll(TimeUnit.SECONDS.toNanos(10))).isTrue();
        ender.join();
        assertThat(events).containsExactly("{\"id\":\"c\"}", "{\"id\":\"b\"}", "{\"id\":\"a\"}");
    }

    @Test
    void closeAllGivesUpOnAnExportThatDoesNotEnd() throws Exception {
        nodes.add("{'driver': 'null-co', 'node-name': 'n', 'size': 4096}");
        add("ends");
        add("stuck");
        open.get(0).end();
        assertThat(exports.closeAll(TimeUnit.MILLISECONDS.toNanos(50))).isFalse();
        assertThat(events).containsExactly("{\"id\":\"ends\"}");
    }

    private void add(String id) {
        exports.add(BlockExportOptions.visit(
                new JsonInputVisitor(TestGraph.json(
                        "{'type': 'fuse', 'id': '" + id + "', 'node-name': 'n', 'mountpoint': '" + id + "'}")),
                null));
    }

    /** Holds a reference of its own until it is told to end. */
    private static final class SlowExport extends BlockExport {
        SlowExport(BlockExportSetup setup) {
            super(BlockExportType.FUSE, setup);
            ref();
        }

        void end() {
            unref();
        }

        @Override
        protected void requestShutdown() {}

        @Override
        protected void delete() {}
    }

    private final class SlowExportDriver implements BlockExportDriver {
        @Override
        public BlockExportType type() {
            return BlockExportType.FUSE;
        }

        @Override
        public BlockExport create(BlockExportSetup setup, BlockExportOptions options) {
            SlowExport export = new SlowExport(setup);
            open.add(export);
            return export;
        }
    }
}

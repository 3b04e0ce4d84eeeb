package org.qsd4j.monitor.command;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.block.TestGraph;
import org.qsd4j.export.BlockExport;
import org.qsd4j.export.BlockExportDriver;
import org.qsd4j.export.BlockExportSetup;
import org.qsd4j.export.BlockExports;
import org.qsd4j.export.nbd.NbdServer;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockExportOptionsBase;
import org.qsd4j.qapi.gen.BlockExportOptionsFuse;
import org.qsd4j.qapi.gen.BlockExportType;
import org.qsd4j.qapi.gen.NbdServerAddOptions;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;

class NbdCommandsTest {
    private final TestGraph graph = new TestGraph();

    @AfterEach
    void close() {
        graph.close();
    }

    /** Claims to be a FUSE export, and does nothing. */
    private static final class Idle extends BlockExport {
        Idle(BlockExportSetup setup) {
            super(BlockExportType.FUSE, setup);
        }

        @Override
        protected void requestShutdown() {}

        @Override
        protected void delete() {}
    }

    private static final BlockExportDriver IDLE = new BlockExportDriver() {
        @Override
        public BlockExportType type() {
            return BlockExportType.FUSE;
        }

        @Override
        public BlockExport create(BlockExportSetup setup, BlockExportOptions options) {
            return new Idle(setup);
        }
    };

    @Test
    void errorsAreTheRealDaemons() {
        graph.add("{'driver': 'null-co', 'node-name': 'n', 'size': 4096}");
        BlockExports exports = new BlockExports(new MainLoop(), graph.graph, id -> null, event -> {}, List.of(IDLE));
        NbdCommandsHandler nbd = new NbdCommandsHandler(
                new NbdServer(new ObjectRegistry(new QomTree(), line -> {}), line -> {}), graph.graph, exports);
        exports.add(new BlockExportOptions.Fuse(
                new BlockExportOptionsBase(BlockExportType.FUSE, "f", null, null, "n", null, null, null),
                new BlockExportOptionsFuse("/m", null, null)));
        fails(() -> nbd.nbdServerRemove("f", null), "Block export 'f' is not an NBD export");
        fails(() -> nbd.nbdServerRemove("x", null), "Export 'x' is not found");
        fails(nbd::nbdServerStop, "NBD server not running");
        fails(
                () -> nbd.nbdServerAdd(new NbdServerAddOptions(null, null, "none", null, null)),
                "Cannot find device='none' nor node-name='none'");
        exports.remove("f", null);
    }

    private static void fails(Runnable command, String message) {
        assertThatThrownBy(command::run).isInstanceOf(QapiException.class).hasMessage(message);
    }
}

package org.qsd4j.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.block.Permission;
import org.qsd4j.block.TestGraph;
import org.qsd4j.qapi.gen.BlockExportIothreads;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockExportOptionsBase;
import org.qsd4j.qapi.gen.BlockExportOptionsFuse;
import org.qsd4j.qapi.gen.BlockExportRemoveMode;
import org.qsd4j.qapi.gen.BlockExportType;

/** The registry, with exports that do nothing; every message is the real daemon's. */
class BlockExportRegistryTest {
    private final TestGraph nodes = new TestGraph();
    private final List<String> events = new ArrayList<>();
    private final IdleDriver driver = new IdleDriver();
    private final BlockExports exports = new BlockExports(
            new MainLoop(),
            nodes.graph,
            id -> id.equals("io0") ? new IoThread(id) : null,
            event -> events.add(event.name() + " " + event.data()),
            List.of(driver));

    BlockExportRegistryTest() {
        nodes.add("{'driver': 'null-co', 'node-name': 'rw'}");
        nodes.add("{'driver': 'null-co', 'node-name': 'ro', 'read-only': true}");
    }

    @AfterEach
    void tearDown() {
        driver.made.forEach(IdleExport::leave);
        exports.closeAll(TimeUnit.SECONDS.toNanos(5));
        nodes.close();
    }

    /** Makes exports that clients stay in until they leave by themselves. */
    private static final class IdleDriver implements BlockExportDriver {
        final List<IdleExport> made = new ArrayList<>();

        @Override
        public BlockExportType type() {
            return BlockExportType.FUSE;
        }

        @Override
        public BlockExport create(BlockExportSetup setup, BlockExportOptions options) {
            IdleExport export = new IdleExport(setup);
            made.add(export);
            return export;
        }
    }

    private static final class IdleExport extends BlockExport {
        private boolean client;

        IdleExport(BlockExportSetup setup) {
            super(BlockExportType.FUSE, setup);
        }

        void enter() {
            client = true;
            ref();
        }

        void leave() {
            if (client) {
                client = false;
                unref();
            }
        }

        @Override
        protected void requestShutdown() {}

        @Override
        protected void delete() {}
    }

    private static BlockExportOptions options(String id, String node, boolean writable) {
        return options(id, node, writable, null, null, null);
    }

    private static BlockExportOptions options(
            String id,
            String node,
            boolean writable,
            @Nullable BlockExportIothreads iothread,
            @Nullable Boolean fixed,
            @Nullable Boolean inactive) {
        return new BlockExportOptions.Fuse(
                new BlockExportOptionsBase(BlockExportType.FUSE, id, fixed, iothread, node, writable, null, inactive),
                new BlockExportOptionsFuse("m", null, null));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1bad | rw | false | Invalid block export id",
                "e | none | false | Cannot find device='' nor node-name='none'",
                "e | ro | true | Cannot export read-only node as writable",
            })
    void addRefusesBadOptions(String id, String node, boolean writable, String message) {
        assertThatThrownBy(() -> exports.add(options(id, node, writable))).hasMessage(message);
        assertThat(exports.query()).isEmpty();
    }

    @Test
    void addRejectsAnIdInUse() {
        exports.add(options("e", "rw", false));
        assertThatThrownBy(() -> exports.add(options("e", "none", false)))
                .hasMessage("Block export id 'e' is already in use");
    }

    @Test
    void addChecksIothreads() {
        BlockExportIothreads absent = new BlockExportIothreads.Single("io1");
        BlockExportIothreads none = new BlockExportIothreads.Multi(List.of());
        BlockExportIothreads list = new BlockExportIothreads.Multi(List.of("io0", "io1"));
        BlockExportIothreads good = new BlockExportIothreads.Multi(List.of("io0", "io0"));
        assertThatThrownBy(() -> exports.add(options("e", "rw", true, absent, null, null)))
                .hasMessage("iothread \"io1\" not found");
        assertThatThrownBy(() -> exports.add(options("e", "rw", true, none, null, null)))
                .hasMessage("The set of I/O threads must not be empty");
        assertThatThrownBy(() -> exports.add(options("e", "rw", true, list, null, null)))
                .hasMessage("iothread \"io1\" not found");
        assertThatThrownBy(() -> exports.add(options("e", "rw", true, good, true, null)))
                .hasMessage("Cannot use fixed-iothread for a multi-threaded export");
        exports.add(options("e", "rw", true, good, null, null));
    }

    @Test
    void addRefusesInactiveExportsWhereTheTypeHasNone() {
        assertThatThrownBy(() -> exports.add(options("e", "rw", true, null, null, true)))
                .hasMessage("Export type does not support inactive exports");
    }

    @Test
    void addTakesPermissionsForTheTimeOfTheExport() {
        exports.add(options("e", "rw", true));
        assertThat(driver.made.get(0).blk().permissions().perm())
                .isEqualTo(Permission.CONSISTENT_READ | Permission.WRITE);
        assertThatThrownBy(() -> nodes.graph.delete("rw")).hasMessage("Node rw is in use");
        exports.remove("e", null);
        nodes.graph.delete("rw");
    }

    @Test
    void queryListsTheNewestFirst() {
        exports.add(options("a", "rw", false));
        exports.add(options("b", "ro", false));
        assertThat(exports.query().toString())
                .isEqualTo("[BlockExportInfo[id=b, type=FUSE, nodeName=ro, shuttingDown=false],"
                        + " BlockExportInfo[id=a, type=FUSE, nodeName=rw, shuttingDown=false]]");
    }

    @Test
    void delFailsForUnknownExports() {
        assertThatThrownBy(() -> exports.remove("e", null)).hasMessage("Export 'e' is not found");
    }

    @Test
    void delSendsItsEventBeforeItReturns() {
        exports.add(options("e", "rw", false));
        exports.remove("e", null);
        assertThat(events).containsExactly("BLOCK_EXPORT_DELETED {\"id\":\"e\"}");
    }

    @Test
    void delFailsWhileClientsAreConnectedUnlessItIsHard() {
        exports.add(options("e", "rw", false));
        driver.made.get(0).enter();
        assertThatThrownBy(() -> exports.remove("e", BlockExportRemoveMode.SAFE))
                .hasMessage("export 'e' still in use");
        exports.remove("e", BlockExportRemoveMode.HARD);
        assertThat(exports.query().get(0).shuttingDown()).isTrue();
        assertThat(events).isEmpty();
        assertThatThrownBy(() -> exports.remove("e", null)).hasMessage("Export 'e' is already shutting down");
        driver.made.get(0).leave();
        assertThat(exports.closeAll(TimeUnit.SECONDS.toNanos(5))).isTrue();
        assertThat(events).hasSize(1);
    }

    @Test
    void closeAllWaitsForClientsOnOtherThreads() throws Exception {
        exports.add(options("a", "rw", false));
        exports.add(options("b", "rw", false));
        IdleExport export = driver.made.get(0);
        export.enter();
        Thread client = new Thread(() -> {
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                return;
            }
            export.leave();
        });
        client.start();
        assertThat(exports.closeAll(TimeUnit.SECONDS.toNanos(5))).isTrue();
        assertThat(events).hasSize(2);
        client.join();
    }

    @Test
    void closeAllGivesUpAfterItsTime() {
        exports.add(options("e", "rw", false));
        driver.made.get(0).enter();
        assertThat(exports.closeAll(TimeUnit.MILLISECONDS.toNanos(20))).isFalse();
    }
}

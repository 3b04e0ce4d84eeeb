package org.qsd4j.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockDrivers;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.driver.blkdebug.BlkdebugDriver;
import org.qsd4j.block.driver.blkverify.BlkverifyDriver;
import org.qsd4j.block.driver.compress.CompressDriver;
import org.qsd4j.block.driver.copyonread.CopyOnReadDriver;
import org.qsd4j.block.driver.file.FileDriver;
import org.qsd4j.block.driver.file.HostDeviceDriver;
import org.qsd4j.block.driver.luks.LuksDriver;
import org.qsd4j.block.driver.nbd.NbdDriver;
import org.qsd4j.block.driver.nullco.NullDriver;
import org.qsd4j.block.driver.preallocate.PreallocateDriver;
import org.qsd4j.block.driver.qcow2.Qcow2Driver;
import org.qsd4j.block.driver.quorum.QuorumDriver;
import org.qsd4j.block.driver.raw.RawDriver;
import org.qsd4j.block.driver.throttle.ThrottleDriver;
import org.qsd4j.export.BlockExports;
import org.qsd4j.export.fuse.FuseExportDriver;
import org.qsd4j.export.fuse.FuseSwitch;
import org.qsd4j.export.nbd.NbdExportDriver;
import org.qsd4j.export.nbd.NbdServer;
import org.qsd4j.job.Jobs;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;

/**
 * Objects, block graph and exports, put together: what the daemon runs, and what a Java program embeds. Several of them
 * live side by side. The thread that constructs one is its main loop's until {@link MainLoop#run()} is called on another.
 */
@MainThread
public final class StorageEngine implements AutoCloseable {
    private static final long CLOSE_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final MainLoop loop = new MainLoop();
    private final QomTree tree = new QomTree();
    private final ObjectRegistry objects;
    private final BlockGraph graph;
    private final BlockExports exports;
    private final Jobs jobs;
    private final FuseExportDriver fuse;
    private final NbdServer nbdServer;
    private final Consumer<String> report;

    /**
     * Halts the whole program, with a line on standard error, when a node that compares copies finds that they differ.
     *
     * @param report takes lines for whoever started the program, about what nobody else can be told; any thread
     * @param events takes events; on the main loop
     */
    public StorageEngine(Consumer<String> report, Consumer<QapiEvent> events) {
        this(report, events, StorageEngine::halt);
    }

    /**
     * The same, but the caller chooses what happens then.
     *
     * @param fatal takes the line that says what differs; any thread, in the middle of a request. If it returns, the
     *     request goes on with what was read
     */
    public StorageEngine(Consumer<String> report, Consumer<QapiEvent> events, Consumer<String> fatal) {
        this(report, events, fatal, false);
    }

    /** For whoever only looks at what images are: encrypted ones stay locked, reading them is a mistake. */
    static StorageEngine locked(Consumer<String> report) {
        return new StorageEngine(report, event -> {}, StorageEngine::halt, true);
    }

    private StorageEngine(Consumer<String> report, Consumer<QapiEvent> events, Consumer<String> fatal, boolean locked) {
        this.report = report;
        objects = new ObjectRegistry(tree, report);
        nbdServer = new NbdServer(objects, report);
        graph = new BlockGraph(loop, new BlockDrivers(drivers(events, fatal, locked)), report, events);
        jobs = new Jobs(loop, graph, events);
        fuse = new FuseExportDriver(report);
        exports = new BlockExports(
                loop, graph, objects::findIoThread, events, List.of(fuse, new NbdExportDriver(nbdServer, graph)));
    }

    private List<BlockDriver> drivers(Consumer<QapiEvent> events, Consumer<String> fatal, boolean locked) {
        List<BlockDriver> drivers = new ArrayList<>(ReadOnlyFormats.drivers());
        drivers.add(new FileDriver());
        drivers.add(new HostDeviceDriver());
        drivers.add(new RawDriver());
        drivers.add(NullDriver.nullCo());
        drivers.add(NullDriver.nullAio());
        drivers.add(new NbdDriver(objects));
        drivers.add(
                locked
                        ? Qcow2Driver.locked(report)
                        : new Qcow2Driver(report, event -> loop.execute(() -> events.accept(event)), objects::secret));
        drivers.add(new CompressDriver());
        drivers.add(locked ? LuksDriver.locked() : new LuksDriver(objects::secret));
        drivers.add(new ThrottleDriver(objects));
        drivers.add(new CopyOnReadDriver());
        drivers.add(new PreallocateDriver(report));
        drivers.add(new BlkdebugDriver());
        drivers.add(new BlkverifyDriver(fatal));
        drivers.add(new QuorumDriver(event -> loop.execute(() -> events.accept(event)), fatal));
        return drivers;
    }

    /** Nothing may go on with what has turned out to be wrong: the driver was asked for just that. No program's name. */
    static void halt(String line) {
        System.err.println(line);
        Runtime.getRuntime().halt(1);
    }

    public MainLoop loop() {
        return loop;
    }

    /** What {@code qom-list} walks. */
    public QomTree tree() {
        return tree;
    }

    /** What {@code object-add} makes. */
    public ObjectRegistry objects() {
        return objects;
    }

    public BlockGraph graph() {
        return graph;
    }

    public Jobs jobs() {
        return jobs;
    }

    public BlockExports exports() {
        return exports;
    }

    public NbdServer nbdServer() {
        return nbdServer;
    }

    /** @param listener gets the id of a FUSE export that somebody else has unmounted; any thread */
    public void onUnmounted(Consumer<String> listener) {
        fuse.onUnmounted(listener);
    }

    /** Whether FUSE exports made from now on are served over io_uring; at first where the kernel has it and it pays. */
    public void setFuseIoUring(FuseSwitch wanted) {
        fuse.setIoUring(wanted);
    }

    /** Whether programs read the image's own file through FUSE exports made from now on, where that is the same. */
    public void setFusePassthrough(FuseSwitch wanted) {
        fuse.setPassthrough(wanted);
    }

    /** Ends every export, with its event. What has not ended after a while is named on the report. */
    public void closeExports() {
        if (!exports.closeAll(CLOSE_TIMEOUT_NANOS)) {
            exports.query().forEach(export -> report.accept("Export '" + export.id() + "' does not end; giving it up"));
        }
    }

    /** Exports first, with the server that offers them, then jobs, then the nodes that they use. */
    @Override
    public void close() {
        closeExports();
        nbdServer.shutDown();
        jobs.cancelAll();
        graph.closeAll();
    }
}

package org.qsd4j.daemon;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.export.fuse.FuseSwitch;
import org.qsd4j.monitor.EventBroadcast;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.MonitorOptions;
import org.qsd4j.qapi.gen.NbdServerOptions;
import org.qsd4j.qapi.gen.ObjectOptions;

/**
 * The storage daemon as a process: works off its command line, then runs until somebody asks it to stop, and takes
 * everything down in order. The thread that constructs and runs it is the main loop's.
 */
final class Daemon implements CommandLine.Actions {
    private final ErrorReport report;
    private final Output out;
    private final Consumer<Runnable> signals;
    private final @Nullable Background background;
    private final TraceOption trace;
    private final StorageEngine engine;
    private final QmpServer qmp;
    private volatile boolean stopAsked;
    private @Nullable String pidfilePath;

    /** Written by the main loop. */
    private volatile @Nullable Pidfile pidfile;

    /**
     * @param signals is told what to do when this process is asked to end
     * @param background not null if the daemon is to go on in the background
     */
    Daemon(ErrorReport report, Output out, Consumer<Runnable> signals, @Nullable Background background) {
        this.report = report;
        this.out = out;
        this.signals = signals;
        this.background = background;
        trace = new TraceOption(report, out);
        EventBroadcast events = new EventBroadcast();
        engine = new StorageEngine(report::error, events, this::fatal);
        qmp = new QmpServer(engine, events, report, out, background != null);
    }

    /** Returns when the daemon was asked to stop; throws what made its start fail. Either way nothing is left behind. */
    void run(CommandLine commandLine) throws Exception {
        signals.accept(this::askToStop);
        try {
            commandLine.run(this, report);
            if (pidfilePath != null) {
                pidfile = Pidfile.create(pidfilePath);
            }
            if (background != null) {
                background.ready();
            }
            engine.loop().run();
        } catch (QapiException e) {
            // A wait for a client that was cut short by the request to end is no failure.
            if (!stopAsked) {
                throw e;
            }
        } finally {
            shutDown();
        }
    }

    private void askToStop() {
        stopAsked = true;
        qmp.stopWaiting();
        engine.loop().execute(engine.loop()::stop);
    }

    /** Exports go while monitors can still tell of it. */
    private void shutDown() {
        engine.close();
        qmp.close();
        removePidfile();
    }

    private void removePidfile() {
        Pidfile written = pidfile;
        if (written != null) {
            written.remove();
        }
    }

    /** Any thread. */
    private void fatal(String line) {
        removePidfile();
        StorageEngine.halt(line);
    }

    @Override
    public void blockdev(String argument) {
        engine.graph().add(BlockdevOptions.visit(OptionArgument.visitor(argument, "driver"), null));
    }

    @Override
    public void chardev(String argument) {
        qmp.addChardev(argument, out);
    }

    @Override
    public void export(String argument) {
        engine.exports().add(BlockExportOptions.visit(OptionArgument.visitor(argument, "type"), null));
    }

    @Override
    public void fuseIoUring(String argument) {
        engine.setFuseIoUring(FuseSwitch.parse("fuse-io-uring", argument));
    }

    @Override
    public void fusePassthrough(String argument) {
        engine.setFusePassthrough(FuseSwitch.parse("fuse-passthrough", argument));
    }

    @Override
    public void monitor(String argument) {
        qmp.addMonitor(MonitorOptions.visit(OptionArgument.visitor(argument, "chardev"), null));
    }

    @Override
    public void nbdServer(String argument) {
        engine.nbdServer().start(NbdServerOptions.visit(OptionArgument.visitor(argument, null), null));
    }

    @Override
    public void object(String argument) {
        engine.objects().add(ObjectOptions.visit(OptionArgument.objectVisitor(argument, out), null));
    }

    @Override
    public void pidfile(String path) {
        pidfilePath = path;
    }

    @Override
    public void trace(String argument) {
        trace.apply(argument);
    }
}

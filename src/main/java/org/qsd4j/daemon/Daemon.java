package org.qsd4j.daemon;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.NbdServerOptions;

/**
 * The storage daemon as a process: works off its command line, then runs until somebody asks it to stop, and takes
 * everything down in order. The thread that calls {@link #run} is the main loop's.
 */
final class Daemon implements CommandLine.Actions {
    private final ErrorReport report;
    private final StorageEngine engine;
    private final TraceOption trace;
    private final Consumer<Runnable> signals;
    private @Nullable String pidfilePath;
    private @Nullable Pidfile pidfile;

    /** @param signals is told what to do when this process is asked to end */
    Daemon(ErrorReport report, Output out, Consumer<Runnable> signals) {
        this.report = report;
        this.signals = signals;
        this.engine = new StorageEngine(report::error, event -> {});
        this.trace = new TraceOption(report, out);
    }

    /** Returns when the daemon was asked to stop; throws what made its start fail. Either way nothing is left behind. */
    void run(CommandLine commandLine, @Nullable Background background) throws Exception {
        signals.accept(() -> engine.loop().execute(engine.loop()::stop));
        try {
            commandLine.run(this, report);
            if (pidfilePath != null) {
                pidfile = Pidfile.create(pidfilePath);
            }
            if (background != null) {
                background.ready();
            }
            engine.loop().run();
        } finally {
            shutDown();
        }
    }

    private void shutDown() {
        engine.close();
        if (pidfile != null) {
            pidfile.remove();
        }
    }

    @Override
    public void pidfile(String path) {
        pidfilePath = path;
    }

    @Override
    public void blockdev(String argument) {
        engine.graph().add(BlockdevOptions.visit(OptionArgument.visitor(argument, "driver"), null));
    }

    @Override
    public void chardev(String argument) {
        throw QapiException.generic("Not available yet");
    }

    @Override
    public void export(String argument) {
        engine.exports().add(BlockExportOptions.visit(OptionArgument.visitor(argument, "type"), null));
    }

    @Override
    public void monitor(String argument) {
        throw QapiException.generic("Not available yet");
    }

    @Override
    public void nbdServer(String argument) {
        engine.nbdServer().start(NbdServerOptions.visit(OptionArgument.visitor(argument, null), null));
    }

    @Override
    public void object(String argument) {
        throw QapiException.generic("Not available yet");
    }

    @Override
    public void trace(String argument) {
        trace.apply(argument);
    }
}

package org.qsd4j.daemon;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.QapiException;

/** Where the JVM enters. */
public final class Main {
    private final Program program;
    private final Output out;
    private final OutputStream err;
    private final Consumer<Runnable> signals;

    /** @param signals is told what to do when this process is asked to end */
    Main(Program program, OutputStream out, OutputStream err, Consumer<Runnable> signals) {
        this.program = program;
        this.out = new Output(out);
        this.err = err;
        this.signals = signals;
    }

    public static void main(String[] arguments) {
        Main main = new Main(
                Program.ofLauncher(),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                stop -> ShutdownSignals.handle(stop, Thread.currentThread()));
        Background background = Background.ofLauncher();
        int status = main.run(background, arguments);
        if (background != null) {
            background.tellLauncher(status);
        }
        Runtime.getRuntime().halt(status);
    }

    /**
     * Runs the program to its end: its exit status.
     *
     * @param background the way to a launcher that waits for a daemon in the background, if there is one
     */
    int run(@Nullable Background background, String... arguments) {
        try {
            if (Tool.isMeant(program, arguments)) {
                return new Tool(program, out, new ErrorReport(program.name(), err), signals).run(arguments);
            }
            return daemon(background, arguments);
        } catch (UncheckedIOException e) {
            // Whoever read standard output has gone.
            return 1;
        }
    }

    private int daemon(@Nullable Background background, String... arguments) {
        CommandLine commandLine = new CommandLine(arguments);
        CommandLine.Preview preview;
        try {
            preview = commandLine.preview();
        } catch (UsageException e) {
            new Output(err).print(program.argv0() + ": " + e.getMessage() + "\n");
            return 1;
        }
        if (preview.exitText() != null) {
            out.print(preview.exitText());
            return 0;
        }
        return daemon(commandLine, preview.daemonize(), background);
    }

    private int daemon(CommandLine commandLine, boolean daemonize, @Nullable Background background) {
        ErrorReport report = new ErrorReport(program.name(), err);
        try {
            if (daemonize) {
                if (background == null) {
                    throw QapiException.generic("--daemonize works only through the launcher");
                }
                background.enter();
            }
            new Daemon(report, out, signals, daemonize ? background : null).run(commandLine);
            return 0;
        } catch (QapiException e) {
            report.error(e);
            return 1;
        } catch (Exit e) {
            return e.status();
        } catch (Exception | LinkageError e) {
            report.error("internal error: " + e);
            return 1;
        }
    }
}

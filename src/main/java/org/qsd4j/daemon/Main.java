package org.qsd4j.daemon;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.QapiException;

/** Where the JVM enters. */
public final class Main {
    private final Program program;
    private final OutputStream out;
    private final OutputStream err;

    Main(Program program, OutputStream out, OutputStream err) {
        this.program = program;
        this.out = out;
        this.err = err;
    }

    public static void main(String[] arguments) {
        Main main = new Main(
                Program.ofLauncher(),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err));
        Runtime.getRuntime().halt(main.run(arguments));
    }

    /** Runs the program to its end: its exit status. */
    int run(String... arguments) {
        try {
            return daemon(arguments);
        } catch (IOException e) {
            return 1;
        }
    }

    private int daemon(String... arguments) throws IOException {
        CommandLine commandLine = new CommandLine(arguments);
        CommandLine.Preview preview;
        try {
            preview = commandLine.preview();
        } catch (UsageException e) {
            write(err, program.argv0() + ": " + e.getMessage() + "\n");
            return 1;
        }
        if (preview.exitText() != null) {
            write(out, preview.exitText());
            return 0;
        }
        return daemon(commandLine, preview.daemonize());
    }

    private int daemon(CommandLine commandLine, boolean daemonize) {
        ErrorReport report = new ErrorReport(program.name(), err);
        Background background = null;
        int status;
        try {
            background = daemonize ? Background.enter() : null;
            new Daemon(report).run(commandLine, background);
            return 0;
        } catch (QapiException e) {
            report.error(e);
            status = 1;
        } catch (Exit e) {
            status = e.status();
        } catch (Exception | LinkageError e) {
            report.error("internal error: " + e);
            status = 1;
        }
        leave(background, status);
        return status;
    }

    private static void leave(@Nullable Background background, int status) {
        if (background != null) {
            background.tellLauncher(status);
        }
    }

    private static void write(OutputStream to, String text) throws IOException {
        to.write(text.getBytes(StandardCharsets.UTF_8));
    }
}

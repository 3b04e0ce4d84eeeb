package org.qsd4j.daemon;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QemuOpts;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.ProcessCalls;
import org.qsd4j.trace.TraceLog;
import org.qsd4j.trace.TracePoint;

/** {@code --trace [[enable=]PATTERN][,events=FILE][,file=FILE]}. */
final class TraceOption {
    private static final int NEW_FILE_MODE = 0666;
    /** In the order in which the option's own help lists them. */
    private static final List<String> KEYS = List.of("enable", "events", "file");

    private final ErrorReport report;
    private final Output out;

    TraceOption(ErrorReport report, Output out) {
        this.report = report;
        this.out = out;
    }

    void apply(String argument) {
        QemuOpts opts = QemuOpts.parse(argument, "enable", Set.copyOf(KEYS), report::warning);
        if (opts.helpWanted()) {
            out.print("trace options:\n");
            KEYS.forEach(key -> out.print("  " + key + "=<str>\n"));
            throw new Exit(1);
        }
        String pattern = opts.values().get("enable");
        if (pattern != null) {
            if (pattern.equals("help") || pattern.equals("?")) {
                list();
            }
            enable(pattern);
        }
        String events = opts.values().get("events");
        if (events != null) {
            enableAllOf(events);
        }
        String file = opts.values().get("file");
        if (file != null) {
            writeTo(file);
        }
    }

    private void list() {
        for (TracePoint point : TracePoint.values()) {
            out.print(point.pointName() + "\n");
        }
        throw new Exit(0);
    }

    private void enable(String pattern) {
        if (!TraceLog.enable(pattern)) {
            String name = pattern.startsWith("-") ? pattern.substring(1) : pattern;
            report.warning("trace event '" + name + "' does not exist");
        }
    }

    private void enableAllOf(String file) {
        report.at(file, () -> {
            int line = 0;
            for (String pattern : readLines(file)) {
                line++;
                if (!pattern.isEmpty() && !pattern.startsWith("#")) {
                    report.at(file + ":" + line, () -> enable(pattern));
                }
            }
        });
    }

    private static List<String> readLines(String file) {
        int error = tryOpen(file, Libc.O_RDONLY);
        if (error < 0) {
            throw QapiException.generic("%s", Errno.message(-error));
        }
        try {
            return Files.readAllLines(Path.of(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            // A directory: opens, but has no lines.
            return List.of();
        }
    }

    private static void writeTo(String template) {
        String name = template.replaceFirst("%d", Integer.toString(ProcessCalls.getpid()));
        if (name.contains("%")) {
            throw QapiException.generic("Bad logfile template: %s", template);
        }
        int error = tryOpen(name, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC);
        if (error < 0) {
            throw QapiException.fromErrno(error, "Error opening logfile %s", name);
        }
        try {
            TraceLog.writeTo(new FileOutputStream(name, true));
        } catch (IOException e) {
            throw QapiException.fromErrno(Errno.EIO, "Error opening logfile %s", name);
        }
    }

    /** Java's own way to open a file keeps the error number to itself. */
    private static int tryOpen(String file, int flags) {
        int fd = Libc.open(file, flags | Libc.O_CLOEXEC, NEW_FILE_MODE);
        return fd < 0 ? fd : Libc.close(fd);
    }
}

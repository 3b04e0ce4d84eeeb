package org.qsd4j.daemon;

import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.util.Reporter;

/**
 * Writes messages for the user in the form {@code PROG: LOCATION: TEXT}; the location is the command line option that is
 * being worked off, and nobody's later. QEMU: {@code error_report}. Any thread; a message is one write.
 */
final class ErrorReport implements Reporter {
    private final String programName;
    private final Output out;
    private volatile String location = "";

    /** @param err where the messages go, in UTF-8 whatever the locale says */
    ErrorReport(String programName, OutputStream err) {
        this.programName = programName;
        this.out = new Output(err);
    }

    /** @param asTyped the arguments that messages are about from now on, or null for none */
    void setLocation(@Nullable String asTyped) {
        location = asTyped == null ? "" : " " + asTyped + ":";
    }

    /** Runs a task whose messages are about FILE or FILE:LINE. */
    void at(String place, Runnable task) {
        String before = location;
        location = place + ":";
        task.run();
        location = before;
    }

    @Override
    public void error(String text) {
        print(text);
    }

    @Override
    public void warning(String text) {
        print("warning: " + text);
    }

    @Override
    public void info(String text) {
        print("info: " + text);
    }

    /** An error with its hint behind it. */
    void error(QapiException e) {
        print(e.desc() + (e.hint().isEmpty() ? "" : "\n" + e.hint()));
    }

    private void print(String text) {
        String line = programName + ":" + location + " " + text + "\n";
        try {
            out.print(line);
        } catch (UncheckedIOException e) {
            // Nobody reads stderr any more: that must end neither the daemon nor whoever has something to say.
            return;
        }
    }
}

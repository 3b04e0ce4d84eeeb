package org.qsd4j.daemon;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.util.Reporter;

/**
 * Writes messages for the user in the form {@code PROG: LOCATION: TEXT}; the location is the command line option that is
 * being worked off, and nobody's later. QEMU: {@code error_report}. Any thread; a message is one write.
 */
final class ErrorReport implements Reporter {
    private final String programName;
    private final PrintStream out;
    private volatile @Nullable String location;

    /** @param err where the messages go, in UTF-8 whatever the locale says */
    ErrorReport(String programName, OutputStream err) {
        this.programName = programName;
        this.out = new PrintStream(err, true, StandardCharsets.UTF_8);
    }

    void setLocation(@Nullable String asTyped) {
        location = asTyped;
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
        String where = location;
        String line = programName + ": " + (where == null ? "" : where + ": ") + text + "\n";
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        out.write(bytes, 0, bytes.length);
        out.flush();
    }
}

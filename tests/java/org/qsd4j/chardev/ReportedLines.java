package org.qsd4j.chardev;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.qsd4j.util.Reporter;

/** Keeps what a person at the command line would read. */
final class ReportedLines implements Reporter {
    final List<String> lines = new CopyOnWriteArrayList<>();

    @Override
    public void error(String text) {
        lines.add(text);
    }

    @Override
    public void warning(String text) {
        lines.add("warning: " + text);
    }

    @Override
    public void info(String text) {
        lines.add("info: " + text);
    }
}

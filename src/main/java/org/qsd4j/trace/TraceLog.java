package org.qsd4j.trace;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Switches trace points and says where their lines go: stderr at first. Any thread. */
public final class TraceLog {
    private static volatile OutputStream sink = new FileOutputStream(FileDescriptor.err);

    private TraceLog() {}

    /** From now on lines go there; the stream is written to by several threads, a line a call. */
    public static void writeTo(OutputStream stream) {
        sink = stream;
    }

    /**
     * Switches the points that a pattern matches: a name, in which "*" stands for any text and "?" for any character,
     * after a "-" to switch them off.
     *
     * @return false if the pattern has no wildcard and names no point
     */
    public static boolean enable(String pattern) {
        boolean on = !pattern.startsWith("-");
        String name = on ? pattern : pattern.substring(1);
        List<TracePoint> matches = new ArrayList<>();
        for (TracePoint point : TracePoint.values()) {
            if (matches(name, 0, point.pointName(), 0)) {
                matches.add(point);
            }
        }
        matches.forEach(point -> point.set(on));
        return !matches.isEmpty() || name.contains("*") || name.contains("?");
    }

    private static boolean matches(String pattern, int p, String text, int t) {
        if (p == pattern.length()) {
            return t == text.length();
        }
        char c = pattern.charAt(p);
        if (c == '*') {
            return matches(pattern, p + 1, text, t) || (t < text.length() && matches(pattern, p, text, t + 1));
        }
        return t < text.length() && (c == '?' || c == text.charAt(t)) && matches(pattern, p + 1, text, t + 1);
    }

    static void write(String line) {
        try {
            sink.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // A full disk or a closed stderr must not take the program with it.
        }
    }
}

package org.qsd4j.schema.emit;

import java.util.Set;
import java.util.TreeSet;

/** The text of one Java source: imports are collected while the body is written. */
final class JavaWriter {
    static final String PACKAGE = "org.qsd4j.qapi.gen";

    private final Set<String> imports = new TreeSet<>();
    private final StringBuilder body = new StringBuilder();
    private int indent;

    void imports(String... names) {
        imports.addAll(Set.of(names));
    }

    /** A line at the current indentation, in {@link String#format} form if there are arguments. */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency of its own
    void line(String format, Object... args) {
        String text = args.length == 0 ? format : format.formatted(args);
        if (!text.isEmpty()) {
            body.append("    ".repeat(indent)).append(text);
        }
        body.append('\n');
    }

    /** A line that opens a block. */
    void open(String format, Object... args) {
        line(format, args);
        indent++;
    }

    void close() {
        close("}");
    }

    void close(String text) {
        indent--;
        line(text);
    }

    String source() {
        StringBuilder result = new StringBuilder("package " + PACKAGE + ";\n\n");
        imports.forEach(name -> result.append("import ").append(name).append(";\n"));
        return result.append('\n').append(body).toString();
    }
}

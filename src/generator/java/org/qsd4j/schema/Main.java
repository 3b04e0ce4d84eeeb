package org.qsd4j.schema;

import java.io.IOException;
import java.nio.file.Path;
import org.qsd4j.schema.check.Checker;
import org.qsd4j.schema.emit.Emitter;
import org.qsd4j.schema.parse.Parser;

/** Turns the QAPI schema into Java sources: {@code Main SCHEMA OUTPUT_DIR}. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws IOException {
        if (args.length != 2) {
            throw new IllegalArgumentException("usage: Main SCHEMA OUTPUT_DIR");
        }
        Emitter.emit(Checker.check(Parser.parse(Path.of(args[0]))), Path.of(args[1]));
    }
}

package org.qsd4j.schema;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Turns the QAPI schema into Java sources: {@code Main SCHEMA OUTPUT_DIR}. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws IOException {
        Files.createDirectories(Path.of(args[1]));
    }
}

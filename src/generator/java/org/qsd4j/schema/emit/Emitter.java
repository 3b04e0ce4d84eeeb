package org.qsd4j.schema.emit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.qsd4j.schema.model.Definition;
import org.qsd4j.schema.model.Schema;
import org.qsd4j.schema.model.SchemaModule;

/** Writes the Java sources of a schema. Files that wouldn't change are left alone, so that builds stay incremental. */
public final class Emitter {
    private final Path directory;
    private final Set<Path> written = new HashSet<>();

    private Emitter(Path output) {
        this.directory = output.resolve(JavaWriter.PACKAGE.replace('.', '/'));
    }

    public static void emit(Schema schema, Path output) throws IOException {
        Emitter emitter = new Emitter(output);
        Files.createDirectories(emitter.directory);
        emitter.packageInfo();
        for (SchemaModule module : schema.modules()) {
            for (Definition definition : module.definitions()) {
                emitter.definition(schema, definition);
            }
            if (!module.commands().isEmpty()) {
                emitter.write(JavaNames.commands(module.name()), CommandsEmitter.emit(schema, module));
            }
        }
        emitter.write("QmpDispatchTable", DispatchEmitter.emit(schema));
        emitter.write("QapiEvents", EventsEmitter.emit(schema));
        emitter.write("QmpIntrospection", IntrospectionEmitter.emit(schema));
        emitter.deleteStale();
    }

    private void definition(Schema schema, Definition definition) throws IOException {
        if (definition instanceof Definition.EnumType type) {
            write(type.name(), EnumEmitter.emit(type));
        } else if (definition instanceof Definition.StructType type) {
            write(type.name(), StructEmitter.emit(schema, type));
        } else if (definition instanceof Definition.UnionType type) {
            write(type.name(), UnionEmitter.emit(schema, type));
        } else if (definition instanceof Definition.AlternateType type) {
            write(type.name(), AlternateEmitter.emit(schema, type));
        }
    }

    private void packageInfo() throws IOException {
        write(
                "package-info",
                "/** The model of the QMP schema, generated from qmp-schema at build time. */\n@NullMarked\npackage "
                        + JavaWriter.PACKAGE + ";\n\nimport org.jspecify.annotations.NullMarked;\n");
    }

    private void write(String className, String source) throws IOException {
        Path file = directory.resolve(className + ".java");
        written.add(file);
        if (!Files.exists(file) || !Files.readString(file).equals(source)) {
            Files.writeString(file, source);
        }
    }

    private void deleteStale() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (!written.contains(file)) {
                    Files.delete(file);
                }
            }
        }
    }
}

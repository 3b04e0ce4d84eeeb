package org.qsd4j.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The schema compiler over its corpus. It is no dependency of anything, so it is called by its class's name. */
class SchemaCompilerTest {
    private static final Path CORPUS = Path.of("tests", "resources", "schema");
    private static final String ERROR = "# error: ";

    @TempDir
    Path output;

    private void generate(Path schema) throws Throwable {
        Method main = Class.forName("org.qsd4j.schema.Main").getMethod("main", String[].class);
        try {
            main.invoke(null, (Object) new String[] {schema.toString(), output.toString()});
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    static Stream<Path> badSchemas() throws IOException {
        try (Stream<Path> files = Files.list(CORPUS.resolve("bad"))) {
            return files.sorted().toList().stream();
        }
    }

    /** The first line of a bad schema says what is wrong and where. */
    @ParameterizedTest
    @MethodSource("badSchemas")
    void badSchemaIsRefused(Path schema) throws IOException {
        String error = Files.readAllLines(schema).get(0);
        assertThat(error).startsWith(ERROR);
        String message = schema.getFileName() + ":" + error.substring(ERROR.length());
        assertThatThrownBy(() -> generate(schema))
                .satisfies(e -> assertThat(e.getMessage().replace(schema.getParent() + "/", ""))
                        .isEqualTo(message));
        assertThat(output).isEmptyDirectory();
    }

    @Test
    void generatedCodeCompilesWithoutAWarning() throws Throwable {
        generate(CORPUS.resolve("good").resolve("everything.json"));
        assertThat(compile("-Xlint:all,-processing,-classfile,-path", "-Xdoclint:all,-missing", "-Werror"))
                .isEmpty();
    }

    private String compile(String... options) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> arguments = new ArrayList<>(List.of(options));
        arguments.addAll(List.of("-d", output.resolve("classes").toString()));
        arguments.addAll(List.of("-classpath", System.getProperty("java.class.path")));
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
                Stream<Path> sources = Files.walk(output)) {
            List<File> java = sources.filter(path -> path.toString().endsWith(".java"))
                    .map(Path::toFile)
                    .toList();
            boolean compiled = compiler.getTask(
                            messages, files, null, arguments, null, files.getJavaFileObjectsFromFiles(java))
                    .call();
            return compiled ? messages.toString() : "failed: " + messages;
        }
    }

    private Path generated(String name) {
        return output.resolve("org/qsd4j/qapi/gen").resolve(name + ".java");
    }

    @Test
    void eachTypeHasAFile() throws Throwable {
        generate(CORPUS.resolve("good").resolve("everything.json"));
        for (String name : List.of("Colour", "Point", "Point3", "Shape", "ShapeBase", "EverythingCommands")) {
            assertThat(generated(name)).exists();
        }
        assertThat(generated("TypesCommands")).doesNotExist();
    }

    @Test
    void unchangedFileIsLeftAloneAndAStaleOneDeleted() throws Throwable {
        Path schema = CORPUS.resolve("good").resolve("everything.json");
        generate(schema);
        FileTime longAgo = FileTime.fromMillis(0);
        Files.setLastModifiedTime(generated("Point"), longAgo);
        Files.writeString(generated("Stale"), "class Stale {}");
        generate(schema);
        assertThat(Files.getLastModifiedTime(generated("Point"))).isEqualTo(longAgo);
        assertThat(generated("Stale")).doesNotExist();
    }
}

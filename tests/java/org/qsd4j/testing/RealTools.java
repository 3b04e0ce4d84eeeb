package org.qsd4j.testing;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * QEMU's own programs, to compare with: from the directory in {@code QSD4J_REAL_BIN}, else {@code /opt/qemu-sid-bin}, else
 * the PATH. A test that needs one that is missing is skipped and says so; with {@code CI=true} it fails.
 */
public final class RealTools {
    private static final int TIMEOUT_SECONDS = 60;

    private RealTools() {}

    /**
     * What a program did.
     *
     * @param output what it wrote, both streams, without the line end at the end
     */
    public record Result(int exitCode, String output) {}

    public static String find(String tool) {
        List<String> all = findAll(tool);
        if (!all.isEmpty()) {
            return all.get(0);
        }
        String message = tool + " is missing";
        if ("true".equals(System.getenv("CI"))) {
            Assertions.fail(message);
        }
        return Assumptions.abort(message);
    }

    /** Every version of a tool that there is, the one to compare with first. */
    public static List<String> findAll(String tool) {
        List<String> directories = new ArrayList<>();
        String named = System.getenv("QSD4J_REAL_BIN");
        directories.add(named == null ? "/opt/qemu-sid-bin" : named);
        directories.addAll(List.of(System.getenv("PATH").split(File.pathSeparator)));
        return directories.stream()
                .map(directory -> Path.of(directory, tool))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .toList();
    }

    /** Runs a tool to its end. */
    public static Result run(String tool, String... arguments) throws IOException, InterruptedException {
        return runProgram(find(tool), arguments);
    }

    /** As {@link #run}; the test is skipped where the tool is older than what we stand for, and has other words. */
    public static Result runNew(String tool, String... arguments) throws IOException, InterruptedException {
        String program = find(tool);
        Assumptions.assumeTrue(runProgram(program, "--version").output().contains("version 11."), tool + " is too old");
        return runProgram(program, arguments);
    }

    /** Runs a program, of which there may be several versions, to its end. */
    public static Result runProgram(String program, String... arguments) throws IOException, InterruptedException {
        Process process = startProgram(program, arguments);
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(program + " hangs");
        }
        return new Result(process.exitValue(), output.stripTrailing());
    }

    /** Starts a tool; its standard error goes where its output goes. */
    public static Process start(String tool, String... arguments) throws IOException {
        return startProgram(find(tool), arguments);
    }

    private static Process startProgram(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(program);
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }
}

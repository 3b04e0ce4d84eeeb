package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The real qemu-img and qemu-io: from the folder QSD4J_REAL_BIN, else /opt/qemu-sid-bin, else the PATH. */
final class QemuTools {
    private static final Path REAL_BIN =
            Path.of(Map.copyOf(System.getenv()).getOrDefault("QSD4J_REAL_BIN", "/opt/qemu-sid-bin"));

    /** What a tool printed, both streams together, and its exit code. */
    record Outcome(int exitCode, String output) {}

    private QemuTools() {}

    static String path(String tool) {
        Path inFolder = REAL_BIN.resolve(tool);
        return Files.isExecutable(inFolder) ? inFolder.toString() : tool;
    }

    static boolean available() {
        try {
            return run("qemu-img", "--version").exitCode() == 0;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    /** Whether the PATH has tools of another version than those of the folder. */
    static boolean otherOnPath() {
        try {
            return Files.isExecutable(REAL_BIN.resolve("qemu-img"))
                    && start("qemu-img", "--version").exitCode() == 0;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    static Outcome run(String tool, String... args) {
        return start(path(tool), args);
    }

    static Outcome start(String program, String... args) {
        List<String> command = new ArrayList<>();
        command.add(program);
        command.addAll(List.of(args));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Outcome(process.waitFor(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static String ok(String tool, String... args) {
        Outcome outcome = run(tool, args);
        assertThat(outcome.exitCode())
                .as("%s %s: %s", tool, List.of(args), outcome.output())
                .isZero();
        return outcome.output();
    }

    static void create(Path image, String options, String size) {
        List<String> args = new ArrayList<>(List.of("create", "-q", "-f", "qcow2"));
        if (!options.isEmpty()) {
            args.addAll(List.of("-o", options));
        }
        args.addAll(List.of(image.toString(), size));
        ok("qemu-img", args.toArray(new String[0]));
    }

    static void io(Path image, String... commands) {
        List<String> args = new ArrayList<>(List.of("-f", "qcow2"));
        for (String command : commands) {
            args.addAll(List.of("-c", command));
        }
        args.add(image.toString());
        String output = ok("qemu-io", args.toArray(new String[0]));
        assertThat(output).doesNotContain("failed");
    }

    /** The guest's view of an image, as bytes. */
    static byte[] contents(Path image, Path scratch) throws IOException {
        ok("qemu-img", "convert", "-f", "qcow2", "-O", "raw", image.toString(), scratch.toString());
        return Files.readAllBytes(scratch);
    }
}

package org.qsd4j.block.driver.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.qsd4j.Requirements;

/** A loop device over a file, by losetup(8); the test needs root. */
final class LoopDevice implements AutoCloseable {
    final String path;

    LoopDevice(Path file, String... options) {
        List<String> command = new ArrayList<>(List.of("losetup", "--show", "-f"));
        command.addAll(List.of(options));
        command.add(file.toString());
        path = run(command);
        Requirements.require(path.startsWith("/dev/"), "loop devices: root and losetup");
    }

    private static String run(List<String> command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor(30, TimeUnit.SECONDS) ? out : "";
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        String unused = run(List.of("losetup", "-d", path));
    }
}

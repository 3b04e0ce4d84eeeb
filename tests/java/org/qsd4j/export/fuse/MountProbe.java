package org.qsd4j.export.fuse;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.qsd4j.qapi.QapiException;

/**
 * A program of its own for tests that need another user: exports a node on a new file in the directory that it is given,
 * with the export's options in JSON, and prints what comes of it.
 */
final class MountProbe {
    private MountProbe() {}

    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[0]);
        try (FuseFixture fixture = new FuseFixture(dir, MountProbe::say)) {
            Path file = fixture.export(fixture.node("node", 1 << 20), args[1]);
            System.out.println("size " + Files.size(file));
            for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.UTF_8)) {
                if (line.contains(" " + file + " ")) {
                    System.out.println(line.substring(line.indexOf(" - ") + 3));
                }
            }
            fixture.exports.remove("e", null);
            System.out.println("afterwards " + Files.size(file));
        } catch (QapiException e) {
            System.out.println(e.desc());
        }
    }

    private static void say(String line) {
        System.out.println(line);
    }
}

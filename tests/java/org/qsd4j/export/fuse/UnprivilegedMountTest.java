package org.qsd4j.export.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.Requirements;

/**
 * Exports of an ordinary user, mounted by fusermount3. They run in a mount namespace of their own, where /dev/fuse is
 * replaced by a node that is open to everybody, as it is on most machines, or to nobody, as in some containers.
 */
class UnprivilegedMountTest {
    private static final String USER = "65534";

    @TempDir
    Path dir;

    @BeforeEach
    void setUp() throws Exception {
        Requirements.fuse();
        Requirements.require(inPath("fusermount3"), "fusermount3 (package fuse3)");
        Requirements.require(inPath("unshare") && inPath("setpriv"), "unshare and setpriv (package util-linux)");
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    private static boolean inPath(String program) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** What {@link MountProbe} prints as an ordinary user, where /dev/fuse has that mode. */
    private List<String> probe(String deviceMode, String options) throws Exception {
        return probeAfter(
                "mknod -m " + deviceMode + " \"$0/fuse\" c 10 229 && chmod " + deviceMode + " \"$0/fuse\""
                        + " && mount --bind \"$0/fuse\" /dev/fuse",
                options);
    }

    private List<String> probeAfter(String preparation, String options) throws Exception {
        String script =
                preparation + " && exec setpriv --reuid " + USER + " --regid " + USER + " --clear-groups \"$@\"";
        List<String> command = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", script, dir.toString()));
        command.addAll(List.of(System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-cp"));
        command.add(readableClassPath());
        command.addAll(List.of(MountProbe.class.getName(), dir.toString(), options));
        Path output = dir.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("the probe ends").isTrue();
        return Files.readAllLines(output, StandardCharsets.UTF_8).stream()
                .filter(line -> !line.startsWith("WARNING"))
                .toList();
    }

    /** What the probe needs, copied to where any user can read it; Maven's repository may be root's alone. */
    private String readableClassPath() throws Exception {
        Path library = Files.createDirectory(dir.resolve("lib"));
        List<String> copies = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            Path source = Path.of(entry);
            String name = source.getFileName().toString();
            if (Files.isDirectory(source) || name.startsWith("jffi") || name.startsWith("jackson")) {
                Path copy = library.resolve(copies.size() + "-" + name);
                Process copying = new ProcessBuilder("cp", "-r", entry, copy.toString()).start();
                assertThat(copying.waitFor()).isZero();
                copies.add(copy.toString());
            }
        }
        return String.join(":", copies);
    }

    private static boolean othersMayBeAllowed() throws Exception {
        Path conf = Path.of("/etc/fuse.conf");
        return Files.isReadable(conf) && Files.readAllLines(conf).contains("user_allow_other");
    }

    @Test
    void anOrdinaryUserMountsThroughFusermount() throws Exception {
        String options = othersMayBeAllowed() ? ",allow_other" : "";
        assertThat(probe("666", "'writable': true"))
                .containsExactly(
                        "size 1048576",
                        "fuse /dev/fuse rw,user_id=" + USER + ",group_id=" + USER + ",default_permissions" + options
                                + ",max_read=1048576",
                        "afterwards 0");
    }

    @Test
    void allowOtherIsRefusedWithFusermountsWords() throws Exception {
        Requirements.require(!othersMayBeAllowed(), "/etc/fuse.conf without user_allow_other");
        assertThat(probe("666", "'allow-other': 'on'"))
                .containsExactly(
                        "fusermount3: option allow_other only allowed if 'user_allow_other' is set in /etc/fuse.conf",
                        "Failed to mount FUSE session to export");
    }

    @Test
    void withoutAccessToTheDeviceTheErrorSaysSo() throws Exception {
        assertThat(probe("600", ""))
                .containsExactly(
                        "fuse: failed to open /dev/fuse: Permission denied", "Failed to mount FUSE session to export");
    }

    @Test
    void withoutTheDeviceTheErrorSaysWhatToDo() throws Exception {
        String bareDev = "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9"
                + " && mknod -m 666 /dev/random c 1 8";
        assertThat(probeAfter(bareDev, ""))
                .containsExactly(
                        "fuse: device not found, try 'modprobe fuse' first", "Failed to mount FUSE session to export");
    }
}

package org.qsd4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Libc;

class PidfileTest {
    @TempDir
    Path dir;

    private static String pidLine() {
        return ProcessHandle.current().pid() + "\n";
    }

    @Test
    void newFileHoldsThePidAndIsTheOwnersAlone() throws Exception {
        Path file = dir.resolve("pid");
        Pidfile pidfile = Pidfile.create(file.toString());
        assertThat(file).content().isEqualTo(pidLine());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        pidfile.remove();
        assertThat(file).doesNotExist();
    }

    @Test
    void contentsOfAnOldFileAreReplaced() throws Exception {
        Path file = Files.writeString(dir.resolve("pid"), "something much longer than a process id\n");
        Pidfile.create(file.toString()).remove();
        Files.writeString(file, "12345678901234567890\n");
        Pidfile pidfile = Pidfile.create(file.toString());
        assertThat(file).content().isEqualTo(pidLine());
        pidfile.remove();
    }

    @Test
    void secondOwnerIsRefused() {
        String file = dir.resolve("pid").toString();
        Pidfile pidfile = Pidfile.create(file);
        assertThatThrownBy(() -> Pidfile.create(file))
                .isInstanceOf(QapiException.class)
                .hasMessage("cannot create PID file: Cannot lock pid file: Resource temporarily unavailable");
        pidfile.remove();
    }

    @Test
    void removalFollowsALinkToTheFile() throws Exception {
        Path target = dir.resolve("target");
        Path link = Files.createSymbolicLink(dir.resolve("link"), target);
        Pidfile.create(link.toString()).remove();
        assertThat(target).doesNotExist();
        assertThat(Files.isSymbolicLink(link)).isTrue();
    }

    @Test
    void removalTakesAFileThatReplacedIt() throws Exception {
        Path file = dir.resolve("pid");
        Pidfile pidfile = Pidfile.create(file.toString());
        Files.delete(file);
        Files.writeString(file, "another\n");
        pidfile.remove();
        assertThat(file).doesNotExist();
    }

    @Test
    void directoryIsRefused() {
        assertThatThrownBy(() -> Pidfile.create(dir.toString()))
                .hasMessage("cannot create PID file: Could not create '%s': Is a directory", dir);
    }

    @Test
    void fileThatCannotBeWrittenDoesNotStay() throws Exception {
        Path link = Files.createSymbolicLink(dir.resolve("pid"), Path.of("/dev/full"));
        assertThatThrownBy(() -> Pidfile.create(link.toString()))
                .hasMessage("cannot create PID file: Failed to truncate pid file: Invalid argument");
        assertThat(dir).isEmptyDirectory();
    }

    @Test
    void fileThatWasReplacedBeforeItWasLockedIsNoticed() throws Exception {
        Path file = Files.writeString(dir.resolve("pid"), "x");
        int fd = Libc.open(file.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        assertThat(Pidfile.isFileAt(file.toString(), fd)).isTrue();
        Files.delete(file);
        assertThat(Pidfile.isFileAt(file.toString(), fd)).isFalse();
        Files.writeString(file, "y");
        assertThat(Pidfile.isFileAt(file.toString(), fd)).isFalse();
        Libc.close(fd);
    }
}

package org.qsd4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.testing.RealTools;

/** The daemon as a process of its own: signals, pid file, {@code --daemonize}, the end. */
class DaemonLifeTest {
    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT", "HUP"})
    void signalEndsItInOrder(String signal) throws Exception {
        Process daemon = start("--pidfile", "pid", "--chardev", "socket,id=c,path=sock,server=on,wait=off");
        assertThat(dir.resolve("pid")).content().isEqualTo(daemon.pid() + "\n");
        assertThat(dir.resolve("sock")).exists();
        kill(signal, daemon.pid());
        assertThat(daemon.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(daemon.exitValue()).isZero();
        assertThat(dir).isEmptyDirectory();
    }

    @Test
    void copiesThatDifferEndItWithoutItsPidfile() throws Exception {
        Files.write(dir.resolve("a"), new byte[512]);
        Files.write(dir.resolve("b"), "b".repeat(512).getBytes(StandardCharsets.US_ASCII));
        Process daemon = start(
                "--blockdev",
                "driver=blkverify,node-name=v,test.driver=file,test.filename=a,raw.driver=file,raw.filename=b",
                "--nbd-server",
                "addr.type=unix,addr.path=sock",
                "--export",
                "type=nbd,id=e,node-name=v",
                "--pidfile",
                "pid");
        RealTools.run("qemu-io", "-r", "-f", "raw", "-c", "read 0 512", "nbd+unix:///v?socket=" + dir.resolve("sock"));
        assertThat(daemon.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(daemon.exitValue()).isEqualTo(1);
        assertThat(dir.resolve("pid")).doesNotExist();
    }

    @Test
    void signalEndsTheWaitForAClient() throws Exception {
        Process daemon =
                process(new ProcessBuilder(java("--chardev", "socket,id=c,path=sock,server=on", "--pidfile", "pid")));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!Files.exists(dir.resolve("sock"))) {
            assertThat(System.nanoTime()).as("time to start").isLessThan(deadline);
            Thread.sleep(5);
        }
        kill("TERM", daemon.pid());
        assertThat(daemon.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(daemon.exitValue()).isZero();
        assertThat(dir).isEmptyDirectory();
    }

    @Test
    void ignoredSignalsEndItToo() throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh"));
        command.addAll(java("--pidfile", "pid"));
        Process daemon = awaitPidfile(new ProcessBuilder(command));
        kill("INT", daemon.pid());
        assertThat(daemon.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(daemon.exitValue()).isZero();
    }

    @Test
    void quitAnswersAndEnds() throws Exception {
        Process daemon =
                start("--pidfile", "pid", "--chardev", "socket,id=c,path=sock,server=on,wait=off", "--monitor", "c");
        List<String> shown = new ArrayList<>();
        try (QmpClient qmp = new QmpClient(dir.resolve("sock"), shown::add)) {
            qmp.execute("{\"execute\": \"quit\"}");
        }
        assertThat(shown).last().isEqualTo("<- {\"return\": {}}");
        assertThat(daemon.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(daemon.exitValue()).isZero();
        assertThat(dir).isEmptyDirectory();
    }

    @Test
    void tracePointsTellWhatHappens() throws Exception {
        Process daemon = start(
                "--trace",
                "enable=*,file=trace",
                "--pidfile",
                "pid",
                "--blockdev",
                "null-co,node-name=n",
                "--chardev",
                "socket,id=c,path=sock,server=on,wait=off",
                "--monitor",
                "c");
        try (QmpClient qmp = new QmpClient(dir.resolve("sock"), line -> {})) {
            qmp.execute("{\"execute\": \"quit\"}");
        }
        assertThat(daemon.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(dir.resolve("trace"))
                .content()
                .contains("bdrv_open_common node n format_name \"null-co\"\n")
                .contains("handle_qmp_command mon c req: {\"execute\": \"qmp_capabilities\"}\n")
                .contains("monitor_qmp_respond mon c resp: {\"return\": {}}\n");
    }

    @Test
    void failedStartLeavesNothing() throws Exception {
        Process daemon = process(new ProcessBuilder(java(
                "--pidfile", "pid", "--chardev", "socket,id=c,path=sock,server=on,wait=off", "--monitor", "nosuch")));
        assertThat(daemon.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(daemon.exitValue()).isEqualTo(1);
        // On the tests' class path a logging library speaks up first.
        assertThat(new String(daemon.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .endsWith("qemu-storage-daemon: --monitor nosuch: chardev \"nosuch\" not found\n");
        assertThat(dir).isEmptyDirectory();
    }

    private Process start(String... options) throws Exception {
        return awaitPidfile(new ProcessBuilder(java(options)));
    }

    private Process awaitPidfile(ProcessBuilder builder) throws Exception {
        Process daemon = process(builder);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!Files.exists(dir.resolve("pid")) || Files.size(dir.resolve("pid")) == 0) {
            assertThat(daemon.isAlive()).as("daemon is alive").isTrue();
            assertThat(System.nanoTime()).as("time to start").isLessThan(deadline);
            Thread.sleep(5);
        }
        return daemon;
    }

    private Process process(ProcessBuilder builder) throws IOException {
        return builder.directory(dir.toFile()).start();
    }

    private static List<String> java(String... options) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                absolute(System.getProperty("java.class.path")),
                Main.class.getName()));
        command.addAll(List.of(options));
        return command;
    }

    private static String absolute(String classPath) {
        return Stream.of(classPath.split(":"))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(":"));
    }

    private static void kill(String signal, long pid) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
                        .start()
                        .waitFor())
                .isZero();
    }
}

package org.qsd4j.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.TestGraph;
import org.qsd4j.block.driver.nbd.NbdDriver;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.RealTools;

/** The tools of other people, in both directions; skipped where they aren't installed. */
@Timeout(120)
class NbdInteropTest {
    @TempDir
    Path dir;

    private NbdFixture server;
    private byte[] image;

    @BeforeEach
    void start() throws Exception {
        server = new NbdFixture(dir);
        server.addFile("e", 8 << 20);
        image = new byte[8 << 20];
        byte[] data = new byte[1 << 20];
        new Random(3).nextBytes(data);
        System.arraycopy(data, 0, image, 1 << 20, data.length);
        System.arraycopy(data, 0, image, 6 << 20, 12345);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String uri() {
        return "nbd+unix:///e?socket=" + server.socket;
    }

    private String run(String... command) throws Exception {
        Path log = dir.resolve("log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean ended = process.waitFor(60, TimeUnit.SECONDS);
        process.destroyForcibly();
        String output = Files.readString(log);
        assertThat(ended && process.exitValue() == 0)
                .as("%s: %s", Arrays.toString(command), output)
                .isTrue();
        return output;
    }

    private Path imageFile() throws IOException {
        Path file = dir.resolve("source.img");
        Files.write(file, image);
        return file;
    }

    @Test
    void qemuImgConvertsInAndOutAndMaps() throws Exception {
        String qemuImg = RealTools.find("qemu-img");
        run(qemuImg, "convert", "-n", "-f", "raw", "-O", "raw", imageFile().toString(), uri());
        run(
                qemuImg,
                "convert",
                "-f",
                "raw",
                "-O",
                "raw",
                uri(),
                dir.resolve("out").toString());
        assertThat(Arrays.equals(Files.readAllBytes(dir.resolve("out")), image)).isTrue();
        run(
                qemuImg,
                "compare",
                "-f",
                "raw",
                "-F",
                "raw",
                uri(),
                dir.resolve("source.img").toString());
        assertThat(run(qemuImg, "map", "--output=json", "-f", "raw", uri())).contains("\"zero\": true");
    }

    @Test
    void qemuIoWritesZeroesAndDiscards() throws Exception {
        String output = run(
                RealTools.find("qemu-io"),
                "-f",
                "raw",
                "-c",
                "write -P 5 0 3M",
                "-c",
                "write -z -u 1M 64k",
                "-c",
                "discard 2M 64k",
                "-c",
                "write -f -P 6 4k 4k",
                "-c",
                "read -P 6 4k 4k",
                "-c",
                "read -P 0 1M 64k",
                "-c",
                "read -P 5 1114112 64k",
                "-c",
                "flush",
                uri());
        assertThat(output).doesNotContain("failed");
    }

    @Test
    void nbdcopyCopiesInAndOut() throws Exception {
        String nbdcopy = RealTools.find("nbdcopy");
        run(nbdcopy, imageFile().toString(), uri());
        run(nbdcopy, uri(), dir.resolve("out").toString());
        assertThat(Arrays.equals(Files.readAllBytes(dir.resolve("out")), image)).isTrue();
    }

    @Test
    void nbdinfoListsTheExportAndItsMap() throws Exception {
        String nbdinfo = RealTools.find("nbdinfo");
        assertThat(run(nbdinfo, "--list", uri()))
                .contains("export=\"e\"", "export-size: 8388608", "base:allocation", "qemu:allocation-depth");
        assertThat(run(nbdinfo, "--map", uri())).contains("hole,zero");
    }

    @Test
    void ourDriverWorksOnAnExportOfQemuNbd() throws Exception {
        Path socket = dir.resolve("qemu.sock");
        List<String> command =
                new ArrayList<>(List.of(RealTools.find("qemu-nbd"), "-t", "-f", "raw", "-k", socket.toString()));
        command.add(imageFile().toString());
        Process qemu = new ProcessBuilder(command).start();
        try (TestGraph graph = new TestGraph(new NbdDriver(new ObjectRegistry(new QomTree(), line -> {})))) {
            for (int i = 0; i < 100 && !Files.exists(socket); i++) {
                Thread.sleep(50);
            }
            BlockBackend blk = graph.writer(graph.add(
                    "{'driver': 'nbd', 'node-name': 'n', 'server': {'type': 'unix', 'path': '" + socket + "'}}"));
            NativeBuffer buffer = NativeBuffer.allocate(image.length);
            assertThat(blk.read(0, buffer, 0, image.length)).isZero();
            byte[] read = new byte[image.length];
            buffer.get(0, read, 0, read.length);
            assertThat(Arrays.equals(read, image)).isTrue();
            BlockStatus status = new BlockStatus();
            assertThat(blk.blockStatus(true, 0, image.length, status)).isZero();
            assertThat(blk.write(3 << 20, buffer, 1 << 20, 1 << 20, 0)).isZero();
            assertThat(blk.writeZeroes(6 << 20, 1 << 20, 0)).isZero();
            assertThat(blk.flush()).isZero();
            System.arraycopy(image, 1 << 20, image, 3 << 20, 1 << 20);
            Arrays.fill(image, 6 << 20, 7 << 20, (byte) 0);
        } finally {
            qemu.destroy();
            qemu.waitFor();
        }
        assertThat(Arrays.equals(Files.readAllBytes(dir.resolve("source.img")), image))
                .isTrue();
    }
}

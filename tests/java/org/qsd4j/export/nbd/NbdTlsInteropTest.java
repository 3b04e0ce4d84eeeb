package org.qsd4j.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.TestGraph;
import org.qsd4j.block.driver.nbd.NbdDriver;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.RealTools;
import org.qsd4j.testing.TlsFiles;

/** TLS with the tools of other people, in both directions. */
@Timeout(120)
class NbdTlsInteropTest {
    private static final int SIZE = 8 << 20;

    @TempDir
    Path dir;

    private final TestTls tls = new TestTls();
    private byte[] image;
    private Path source;
    private Path keys;

    @BeforeEach
    void makeFiles() throws Exception {
        image = new byte[SIZE];
        new Random(8).nextBytes(image);
        source = Files.write(dir.resolve("source"), image);
        keys = TlsFiles.psk(dir);
        tls.add("{'qom-type': 'tls-creds-psk', 'id': 'psksrv', 'endpoint': 'server', 'dir': '" + keys + "'}");
        tls.add("{'qom-type': 'tls-creds-psk', 'id': 'psk', 'username': 'alice', 'dir': '" + keys + "'}");
        tls.add("{'qom-type': 'tls-creds-x509', 'id': 'srv', 'endpoint': 'server', 'dir': '" + TlsFiles.server(dir)
                + "'}");
        tls.add("{'qom-type': 'tls-creds-x509', 'id': 'cli', 'dir': '" + TlsFiles.client(dir) + "'}");
    }

    private static void run(String tool, String... arguments) throws Exception {
        RealTools.Result result = RealTools.run(tool, arguments);
        assertThat(result.exitCode()).as(result.output()).isZero();
    }

    @Test
    void nbdcopyCopiesInAndOutWithASharedKey() throws Exception {
        try (NbdFixture server = new NbdFixture(dir, tls.gate("psksrv", null), 10, 100)) {
            server.addFile("e", SIZE);
            String uri = "nbds+unix://alice@/e?socket=" + server.socket + "&tls-psk-file=" + keys.resolve("keys.psk");
            run("nbdcopy", source.toString(), uri);
            run("nbdcopy", uri, dir.resolve("out").toString());
        }
        assertThat(Files.mismatch(source, dir.resolve("out"))).isEqualTo(-1);
    }

    @Test
    void qemuImgConvertsInAndOutWithCertificates() throws Exception {
        try (NbdFixture server = new NbdFixture(dir, tls.gate("srv", null), 10, 100)) {
            server.addFile("e", SIZE);
            String object = "tls-creds-x509,id=c,endpoint=client,dir=" + TlsFiles.client(dir);
            String target = "driver=nbd,export=e,tls-creds=c,tls-hostname=localhost,server.type=unix,server.path="
                    + server.socket;
            run(
                    "qemu-img",
                    "convert",
                    "--object",
                    object,
                    "-n",
                    "--target-image-opts",
                    "-f",
                    "raw",
                    source.toString(),
                    "driver=raw,file." + target.replace(",", ",file."));
            run(
                    "qemu-img",
                    "convert",
                    "--object",
                    object,
                    "--image-opts",
                    "-O",
                    "raw",
                    "driver=raw,file." + target.replace(",", ",file."),
                    dir.resolve("out").toString());
        }
        assertThat(Files.mismatch(source, dir.resolve("out"))).isEqualTo(-1);
    }

    @Test
    void ourDriverWorksOnQemuNbdWithCertificates() throws Exception {
        works(
                "cli",
                ", 'tls-hostname': 'localhost'",
                "tls-creds-x509,id=t,endpoint=server,dir=" + TlsFiles.server(dir));
    }

    @Test
    void ourDriverWorksOnQemuNbdWithASharedKey() throws Exception {
        works("psk", "", "tls-creds-psk,id=t,endpoint=server,dir=" + keys);
    }

    private void works(String creds, String more, String object) throws Exception {
        Path socket = dir.resolve("qemu.sock");
        Process qemu = RealTools.start(
                "qemu-nbd",
                "-t",
                "-f",
                "raw",
                "-k",
                socket.toString(),
                "--object",
                object,
                "--tls-creds",
                "t",
                "-x",
                "e",
                source.toString());
        try (TestGraph graph = new TestGraph(new NbdDriver(tls.objects))) {
            for (int i = 0; i < 100 && !Files.exists(socket); i++) {
                Thread.sleep(50);
            }
            BlockBackend blk =
                    graph.writer(graph.add("{'driver': 'nbd', 'node-name': 'n', 'export': 'e', 'tls-creds': '" + creds
                            + "', 'server': {'type': 'unix', 'path': '" + socket + "'}" + more + "}"));
            NativeBuffer buffer = NativeBuffer.allocate(SIZE);
            assertThat(blk.read(0, buffer, 0, SIZE)).isZero();
            byte[] read = new byte[SIZE];
            buffer.get(0, read, 0, SIZE);
            assertThat(java.util.Arrays.equals(read, image)).isTrue();
            assertThat(blk.write(3 << 20, buffer, 1 << 20, 2 << 20, 0)).isZero();
            assertThat(blk.flush()).isZero();
            System.arraycopy(image, 1 << 20, image, 3 << 20, 2 << 20);
        } finally {
            qemu.destroy();
            qemu.waitFor();
        }
        assertThat(java.util.Arrays.equals(Files.readAllBytes(source), image)).isTrue();
    }
}

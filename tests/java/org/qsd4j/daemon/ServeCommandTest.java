package org.qsd4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.Requirements;
import org.qsd4j.testing.RealTools;
import org.qsd4j.testing.TlsFiles;

/** {@code qsd4j serve}: the URI that it prints is one that clients take. */
@Timeout(60)
class ServeCommandTest {
    @TempDir
    Path dir;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    /** Ends the command, once it has said how. */
    private final CompletableFuture<Runnable> stop = new CompletableFuture<>();

    private Path image;
    private Path socket;

    @BeforeEach
    void makeImage() throws Exception {
        image = dir.resolve("disk.raw");
        socket = dir.resolve("sock");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(1 << 20);
        }
    }

    private int run(String... more) {
        String[] all = new String[more.length + 4];
        all[0] = "serve";
        all[1] = image.toString();
        all[2] = "--socket";
        all[3] = socket.toString();
        System.arraycopy(more, 0, all, 4, more.length);
        return new Main(new Program(Program.TOOL), out, err, stop::complete).run(null, all);
    }

    private String awaitUri() throws InterruptedException {
        while (true) {
            String said = out.toString(StandardCharsets.UTF_8);
            if (said.contains("; Ctrl-C ends it")) {
                return said.replaceFirst("(?s).* is at (.*); Ctrl-C.*", "$1");
            }
            Thread.sleep(10);
        }
    }

    private void end(CompletableFuture<Integer> serving) throws Exception {
        stop.get(10, TimeUnit.SECONDS).run();
        assertThat(serving.get(20, TimeUnit.SECONDS))
                .as(err.toString(StandardCharsets.UTF_8))
                .isZero();
        assertThat(socket).doesNotExist();
    }

    private static RealTools.Result size(String uri) throws Exception {
        return RealTools.run("nbdinfo", "--size", uri);
    }

    @Test
    void aSharedKeyIsAskedFor() throws Exception {
        Requirements.gnutls();
        Path keys = TlsFiles.psk(dir);
        CompletableFuture<Integer> serving = CompletableFuture.supplyAsync(() -> run("--tls-psk", keys.toString()));
        String uri = awaitUri();
        assertThat(uri).isEqualTo("nbds+unix:///?socket=" + socket);
        String withKey = "nbds+unix://alice@/?socket=" + socket + "&tls-psk-file=" + keys.resolve("keys.psk");
        assertThat(size(withKey).output()).contains("1048576");
        assertThat(size("nbd+unix:///?socket=" + socket).exitCode()).isNotZero();
        end(serving);
    }

    @Test
    void aCertificateIsShown() throws Exception {
        Requirements.gnutls();
        Path server = TlsFiles.server(dir);
        Path client = TlsFiles.client(dir);
        CompletableFuture<Integer> serving =
                CompletableFuture.supplyAsync(() -> run("--tls-certificates", server.toString()));
        assertThat(awaitUri()).startsWith("nbds+unix:///");
        RealTools.Result seen = RealTools.run(
                "qemu-img",
                "info",
                "--object",
                "tls-creds-x509,id=c,endpoint=client,dir=" + client,
                "--image-opts",
                "driver=nbd,server.type=unix,server.path=" + socket + ",tls-creds=c,tls-hostname=localhost");
        assertThat(seen.output()).contains("1048576 bytes");
        end(serving);
    }

    @Test
    void withoutTlsTheUriWorksAsItStands() throws Exception {
        CompletableFuture<Integer> serving = CompletableFuture.supplyAsync(() -> run("--name", "a b"));
        assertThat(size(awaitUri()).output()).contains("1048576");
        end(serving);
    }

    @Test
    void bothWaysOfTlsAtOnceAreRefused() {
        assertThat(run("--tls-psk", "x", "--tls-certificates", "x")).isNotZero();
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("--tls-certificates and --tls-psk exclude each other");
    }
}

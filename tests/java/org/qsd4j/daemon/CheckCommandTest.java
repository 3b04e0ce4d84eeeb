package org.qsd4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.testing.RealTools;

/** {@code qsd4j check} and {@code qemu-img check} say the same to programs, and end with the same status. */
class CheckCommandTest {
    private static final int CLUSTER = 65536;

    @TempDir
    Path dir;

    private Path image = Path.of("");

    @BeforeEach
    void makeAnImageWithSomethingInIt() throws Exception {
        image = dir.resolve("image");
        RealTools.run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "1M");
        RealTools.run(
                "qemu-io", "-f", "qcow2", "-c", "write -P 1 128k 64k", "-c", "write -P 1 0 128k", image.toString());
    }

    private static int check(ByteArrayOutputStream out, String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = "check";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return new Main(new Program(Program.TOOL), out, new ByteArrayOutputStream(), stop -> {}).run(null, all);
    }

    private void requireSame(int status) throws Exception {
        RealTools.Result real = RealTools.run("qemu-img", "check", "--output=json", image.toString());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int ours = check(out, "--output", "json", image.toString());
        assertThat(ours).isEqualTo(real.exitCode()).isEqualTo(status);
        ObjectMapper json = new ObjectMapper();
        String theirs = real.output().substring(real.output().indexOf('{'));
        assertThat(json.readTree(out.toString(StandardCharsets.UTF_8))).isEqualTo(json.readTree(theirs));
    }

    /** Sets the refcount of a cluster, in the first refcount block. */
    private void setRefcount(int cluster, int count) throws Exception {
        byte[] bytes = Files.readAllBytes(image);
        bytes[2 * CLUSTER + 2 * cluster] = 0;
        bytes[2 * CLUSTER + 2 * cluster + 1] = (byte) count;
        Files.write(image, bytes);
    }

    @Test
    void aCleanImage() throws Exception {
        requireSame(0);
    }

    @Test
    void anImageWithLeaks() throws Exception {
        Files.write(image, new byte[CLUSTER], StandardOpenOption.APPEND);
        setRefcount((int) (Files.size(image) / CLUSTER) - 1, 1);
        requireSame(3);
    }

    @Test
    void anImageWhereACountIsTooHigh() throws Exception {
        setRefcount(5, 2);
        requireSame(2);
    }

    @Test
    void anImageWithErrors() throws Exception {
        setRefcount(5, 0);
        requireSame(2);
    }

    @Test
    void whatHasNothingToCheck() throws Exception {
        image = Files.write(dir.resolve("raw"), new byte[4096]);
        RealTools.Result real = RealTools.run("qemu-img", "check", "-f", "raw", image.toString());
        assertThat(check(new ByteArrayOutputStream(), image.toString()))
                .isEqualTo(real.exitCode())
                .isEqualTo(63);
    }

    @Test
    void whatIsNotThere() throws Exception {
        image = dir.resolve("absent");
        RealTools.Result real = RealTools.run("qemu-img", "check", image.toString());
        assertThat(check(new ByteArrayOutputStream(), image.toString()))
                .isEqualTo(real.exitCode())
                .isEqualTo(1);
    }
}

package org.qsd4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.testing.RealTools;

/** {@code qsd4j info}: what an encrypted image is can be seen without its passphrase. */
class InfoCommandTest {
    @TempDir
    Path dir;

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private String info(int status, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Main main = new Main(new Program(Program.TOOL), out, err, stop -> {});
        String[] all = new String[arguments.length + 1];
        all[0] = "info";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        assertThat(main.run(null, all)).as("%s: %s", Arrays.toString(all), err).isEqualTo(status);
        return out.toString(StandardCharsets.UTF_8);
    }

    private Path create(String format, String options) throws Exception {
        Path image = dir.resolve("image." + format);
        RealTools.Result made = RealTools.run(
                "qemu-img",
                "create",
                "-q",
                "--object",
                "secret,id=s,data=x",
                "-f",
                format,
                "-o",
                options,
                image.toString(),
                "1M");
        assertThat(made.exitCode()).as(made.output()).isZero();
        return image;
    }

    @Test
    void anEncryptedQcow2ImageIsDescribedWithoutItsPassphrase() throws Exception {
        Path image = create("qcow2", "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10");
        assertThat(info(0, image.toString())).contains("encrypted: yes", "\"cipher-alg\":\"aes-256\"");
        assertThat(info(0, "--output", "json", image.toString())).contains("\"encrypted\" : true");
    }

    @Test
    void theOldEncryptionToo() throws Exception {
        Path image = create("qcow2", "encrypt.format=aes,encrypt.key-secret=s");
        assertThat(info(0, image.toString())).contains("encrypted: yes", "{\"format\":\"aes\"}");
    }

    @Test
    void aLuksVolumeIsSeenToBeOne() throws Exception {
        Path image = create("luks", "key-secret=s,iter-time=10,cipher-mode=cbc");
        assertThat(info(0, image.toString()))
                .contains("file format: luks", "virtual size: 1 MiB (1048576 bytes)", "cipher mode: cbc");
        assertThat(info(0, "--format", "raw", image.toString())).contains("file format: raw");
    }

    @Test
    void aDamagedVolumeIsOneClearLine() throws Exception {
        Path image = create("luks", "key-secret=s,iter-time=10");
        byte[] bytes = Files.readAllBytes(image);
        // The cipher's name no longer ends.
        Arrays.fill(bytes, 8, 40, (byte) 'a');
        Files.write(image, bytes);
        info(1, image.toString());
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("qsd4j: info: LUKS header cipher name is not NUL terminated\n");
    }
}

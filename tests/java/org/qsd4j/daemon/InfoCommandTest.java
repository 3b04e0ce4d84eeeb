package org.qsd4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
        assertThat(info(0, "--output", "json", image.toString())).contains("\"encrypted\": true");
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
                .isEqualTo(
                        "qsd4j: info: Could not open '" + image + "': LUKS header cipher name is not NUL terminated\n");
    }

    /** To the byte, with and without the chain; so are errors. */
    private void requireSame(Path image) throws Exception {
        for (String[] options : new String[][] {{}, {"--backing-chain"}}) {
            List<String> all = new ArrayList<>(List.of("--output=json", image.toString()));
            all.addAll(0, List.of(options));
            List<String> info = new ArrayList<>(List.of("info"));
            info.addAll(all);
            RealTools.Result real = RealTools.runNew("qemu-img", info.toArray(String[]::new));
            String ours = info(real.exitCode(), all.toArray(String[]::new)) + err.toString(StandardCharsets.UTF_8);
            err.reset();
            assertThat(ours.replaceFirst("^qsd4j: info:", "qemu-img:").stripTrailing())
                    .isEqualTo(real.output());
        }
    }

    private Path make(String name, String... options) throws Exception {
        Path image = dir.resolve(name);
        List<String> all = new ArrayList<>(List.of("create", "-q", "--object", "secret,id=s,data=x"));
        all.addAll(List.of(options));
        all.addAll(List.of(image.toString(), "1M"));
        RealTools.Result made = RealTools.run("qemu-img", all.toArray(String[]::new));
        assertThat(made.exitCode()).as(made.output()).isZero();
        return image;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-f raw",
                "-f vmdk",
                "-f qcow2 -o compat=0.10",
                "-f qcow2 -o lazy_refcounts=on,refcount_bits=1",
                "-f qcow2 -o extended_l2=on,compression_type=zstd,cluster_size=32k",
                "-f qcow2 -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
                "-f qcow2 -o encrypt.format=aes,encrypt.key-secret=s",
                "-f luks -o key-secret=s,iter-time=10"
            })
    void programsGetTheSameAsFromQemuImg(String options) throws Exception {
        requireSame(make("image", options.split(" ")));
    }

    @Test
    void soTheyDoOfSnapshotsBitmapsAndTheBackingChain() throws Exception {
        make("base", "-f", "qcow2");
        make("middle", "-f", "qcow2", "-b", "base", "-F", "qcow2");
        Path top = make("top", "-f", "qcow2", "-b", "middle", "-F", "qcow2");
        RealTools.run("qemu-img", "snapshot", "-c", "s1", top.toString());
        RealTools.run("qemu-img", "bitmap", "--add", top.toString(), "b0");
        RealTools.run("qemu-img", "bitmap", "--add", "--disable", "-g", "4k", top.toString(), "b1");
        requireSame(top);
    }

    @Test
    void otherFilesThatAnImageNamesNeedNotBeThere() throws Exception {
        requireSame(make("gone", "-f", "qcow2", "-u", "-b", "nofile", "-F", "raw"));
        Path image = make("image", "-f", "qcow2", "-o", "data_file=" + dir.resolve("data") + ",data_file_raw=on");
        Files.delete(dir.resolve("data"));
        requireSame(image);
    }

    @Test
    void aChainThatLeadsBackIsOneClearLine() throws Exception {
        Path a = make("a", "-f", "qcow2");
        Path b = make("b", "-f", "qcow2", "-b", "a", "-F", "qcow2");
        RealTools.run("qemu-img", "rebase", "-u", "-b", b.toString(), "-F", "qcow2", a.toString());
        info(1, "--backing-chain", b.toString());
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("qsd4j: info: Backing file '" + b + "' creates an infinite loop.\n");
    }
}

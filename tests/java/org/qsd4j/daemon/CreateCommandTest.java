package org.qsd4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.testing.RealTools;

/** {@code qsd4j create} makes what {@code qemu-img create} makes, and refuses the same in the same words. */
class CreateCommandTest {
    @TempDir
    Path dir;

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int create(String... arguments) {
        List<String> all = new ArrayList<>(List.of("create"));
        all.addAll(List.of(arguments));
        err.reset();
        return new Main(new Program(Program.TOOL), new ByteArrayOutputStream(), err, stop -> {})
                .run(null, all.toArray(String[]::new));
    }

    private String error() {
        return err.toString(StandardCharsets.UTF_8).stripTrailing();
    }

    private static String[] with(String options, Path image, String... more) {
        List<String> all = new ArrayList<>(List.of(options.split(" ")));
        all.addAll(List.of("--object", "secret,id=s,data=x"));
        all.add(image.toString());
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static RealTools.Result real(String command, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of(arguments));
        return RealTools.run("qemu-img", all.toArray(String[]::new));
    }

    /** What stays the same from one image to the next. */
    private static JsonNode look(Path image) throws Exception {
        ObjectNode info = (ObjectNode) new ObjectMapper()
                .readTree(real("info", "--output=json", image.toString()).output());
        info.remove(List.of("filename", "actual-size", "children", "full-backing-filename"));
        for (JsonNode luks : List.of(info.at("/format-specific/data"), info.at("/format-specific/data/encrypt"))) {
            if (luks instanceof ObjectNode object) {
                object.remove(List.of("uuid", "master-key-iters"));
                object.path("slots").forEach(slot -> ((ObjectNode) slot).remove("iters"));
            }
        }
        return info;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-f raw",
                "-f raw -o preallocation=full",
                "-f qcow2",
                "-f qcow2 -o compat=0.10",
                "-f qcow2 -o lazy_refcounts -o refcount_bits=64,cluster_size=128k",
                "-f qcow2 -o extended_l2=on,compression_type=zstd",
                "-f qcow2 -o preallocation=metadata,nocow=on",
                "-f qcow2 -u -b nofile -F raw",
                "-f qcow2 -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10,encrypt.cipher-mode=cbc",
                "-f luks -o key-secret=s,iter-time=10,hash-alg=sha512"
            })
    void theSameImage(String options) throws Exception {
        Path theirs = dir.resolve("theirs");
        Path ours = dir.resolve("ours");
        RealTools.Result made = real("create", with(options, theirs, "1000k"));
        assertThat(made.exitCode()).as(made.output()).isZero();
        assertThat(create(with(options, ours, "1000k"))).as(error()).isZero();
        assertThat(look(ours)).isEqualTo(look(theirs));
        assertThat(Files.size(ours)).isEqualTo(Files.size(theirs));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-f qcow2 -o foo=1",
                "-f qcow2 -o cluster_size=5",
                "-f qcow2 -o cluster_size=abc",
                "-f qcow2 -o lazy_refcounts=maybe",
                "-f qcow2 -o compat=5",
                "-f qcow2 -o refcount_bits=7",
                "-f qcow2 -o refcount_bits=x",
                "-f qcow2 -o preallocation=foo",
                "-f qcow2 -o size=1M",
                "-f qcow2 -F qcow2",
                "-f qcow2 -o encrypt.format=luks",
                "-f qcow2 -o data_file_raw=on",
                "-f raw -b base -F qcow2",
                "-f raw -F qcow2",
                "-f luks",
                "-f luks -o key-secret=nix",
                "-f luks -o key-secret=s,iter-time=x",
                "-f nix"
            })
    void theSameRefusalAndNothingIsLeft(String options) throws Exception {
        Path image = dir.resolve("image");
        RealTools.Result real = RealTools.runNew("qemu-img", with("create -q " + options, image, "1M"));
        Files.deleteIfExists(image);
        assertThat(create(with(options, image, "1M"))).isEqualTo(1).isEqualTo(real.exitCode());
        assertThat(error().replaceFirst("^qsd4j: create:", "qemu-img:")).isEqualTo(real.output());
        assertThat(image).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10x", "16E", "8E", ""})
    void theSameRefusalOfSizes(String size) throws Exception {
        Path image = dir.resolve("image");
        RealTools.Result real = RealTools.runNew("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), size);
        assertThat(create(image.toString(), size)).isEqualTo(1);
        assertThat(error().replaceFirst("^qsd4j: create:", "qemu-img:")).isEqualTo(real.output());
    }

    @Test
    void anOverlayIsAsLargeAsItsBackingFileWhichMustSayItsFormat() throws Exception {
        Path base = dir.resolve("base");
        Path image = dir.resolve("image");
        assertThat(create("-q", base.toString(), "1.5M")).as(error()).isZero();
        assertThat(create("-b", "base", image.toString())).isEqualTo(1);
        assertThat(error())
                .isEqualTo("qsd4j: create: " + image
                        + ": Backing file specified without backing format\nDetected format of qcow2.");
        assertThat(create("-b", "base", "-F", "qcow2", image.toString()))
                .as(error())
                .isZero();
        assertThat(look(image).path("virtual-size").asLong()).isEqualTo(1536 << 10);
        assertThat(look(image).path("backing-filename").asText()).isEqualTo("base");
    }

    @Test
    void whatExistsIsLeftAloneUnlessForced() throws Exception {
        Path image = dir.resolve("image");
        Files.writeString(image, "precious");
        assertThat(create("-o", "compat=5", image.toString(), "1M")).isEqualTo(1);
        assertThat(create(image.toString(), "1M")).isEqualTo(1);
        assertThat(error()).endsWith("exists already; --force overwrites it");
        assertThat(image).hasContent("precious");
        assertThat(create("--force", image.toString(), "1M")).as(error()).isZero();
        assertThat(look(image).path("format").asText()).isEqualTo("qcow2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"qcow2", "luks"})
    void thePassphraseOfAFileOpensTheImage(String format) throws Exception {
        Path image = dir.resolve("image");
        Path passphrase = Files.writeString(dir.resolve("passphrase"), "secret words");
        String quick = format.equals("luks") ? "iter-time=10" : "encrypt.iter-time=10";
        assertThat(create(
                        "-f", format, "-o", quick, "--passphrase-file", passphrase.toString(), image.toString(), "1M"))
                .as(error())
                .isZero();
        String key = format.equals("luks") ? "key-secret=s" : "encrypt.key-secret=s";
        RealTools.Result read = RealTools.run(
                "qemu-io",
                "--object",
                "secret,id=s,file=" + passphrase,
                "-c",
                "read 0 1M",
                "--image-opts",
                "driver=" + format + "," + key + ",file.filename=" + image);
        assertThat(read.exitCode()).as(read.output()).isZero();
    }
}

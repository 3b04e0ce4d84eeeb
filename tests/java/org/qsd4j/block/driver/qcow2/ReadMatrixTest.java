package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.block.BlockNode;

/** Images made by the real tools over the options of the format read as the real ones read them. */
class ReadMatrixTest {
    @TempDir
    Path dir;

    static Stream<String> options() {
        List<String> all = new ArrayList<>();
        for (int bits = 9; bits <= 21; bits++) {
            all.add("cluster_size=" + (1 << bits));
            if (bits >= 14) {
                all.add("extended_l2=on,cluster_size=" + (1 << bits));
            }
        }
        for (int width = 1; width <= 64; width *= 2) {
            all.add("refcount_bits=" + width);
        }
        all.add("compat=0.10");
        all.add("compat=0.10,cluster_size=4k");
        all.add("lazy_refcounts=on");
        all.add("preallocation=metadata");
        all.add("preallocation=falloc,cluster_size=4k");
        all.add("compression_type=zstd");
        encryptedOptions().forEach(all::add);
        return all.stream();
    }

    static Stream<String> encryptedOptions() {
        String luks = "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10";
        String aes = "encrypt.format=aes,encrypt.key-secret=s";
        return Stream.of(
                luks,
                luks + ",cluster_size=512",
                luks + ",cluster_size=2M",
                luks + ",extended_l2=on",
                luks + ",cluster_size=4k,compat=0.10",
                luks + ",cluster_size=8k,encrypt.cipher-mode=cbc,encrypt.ivgen-alg=essiv,encrypt.ivgen-hash-alg=sha256",
                luks + ",encrypt.cipher-alg=aes-128,encrypt.cipher-mode=ctr,refcount_bits=64",
                aes,
                aes + ",cluster_size=4k,compat=0.10");
    }

    /** Without those of encrypted images: the real qemu-img doesn't compress them, and finds no secret for a backing one. */
    static Stream<String> plainOptions() {
        return options().filter(options -> !options.contains("encrypt"));
    }

    @ParameterizedTest
    @MethodSource("options")
    void contentsAreTheRealOnes(String options) throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, options, "9M");
        QemuTools.io(image, script(options.contains("compat=0.10"), options.hashCode()));
        expectSameContents(image, null);
    }

    @ParameterizedTest
    @MethodSource("plainOptions")
    void compressedImagesReadAsTheRealOnes(String options) throws Exception {
        Path raw = mixedRawFile(6 << 20);
        Path image = dir.resolve("image");
        String createOptions = options.replaceAll("preallocation=\\w+,?", "");
        List<String> args = new ArrayList<>(List.of("convert", "-c", "-f", "raw", "-O", "qcow2"));
        if (!createOptions.isEmpty()) {
            args.addAll(List.of("-o", createOptions));
        }
        args.addAll(List.of(raw.toString(), image.toString()));
        QemuTools.ok("qemu-img", args.toArray(new String[0]));
        try (TestImage ours = TestImage.open(image, true)) {
            assertThat(ours.contents()).isEqualTo(Files.readAllBytes(raw));
        }
    }

    @ParameterizedTest
    @MethodSource("plainOptions")
    void overlaysShowTheirBackingFile(String options) throws Exception {
        Path base = mixedRawFile((3 << 20) + 1024);
        Path middle = dir.resolve("middle");
        Path top = dir.resolve("top");
        String createOptions = options.replaceAll("preallocation=\\w+,?", "");
        QemuTools.create(middle, backing(createOptions, base, "raw"), "5M");
        QemuTools.io(middle, script(options.contains("compat=0.10"), 1));
        QemuTools.create(top, backing("cluster_size=32k", middle, "qcow2"), "9M");
        QemuTools.io(top, script(false, 2));
        try (TestFileNode baseNode = new TestFileNode(base, true);
                TestImage middleImage = TestImage.open(middle, null, baseNode, true)) {
            expectSameContents(middle, baseNode);
            expectSameContents(top, middleImage.node);
        }
    }

    @ParameterizedTest
    @MethodSource("dataFileOptions")
    void externalDataFiles(String options) throws Exception {
        Path image = dir.resolve("image");
        Path data = dir.resolve("data");
        QemuTools.create(image, "data_file=" + data + "," + options, "9M");
        QemuTools.io(image, script(false, options.hashCode()));
        byte[] expected = QemuTools.contents(image, dir.resolve("raw"));
        try (TestImage ours = TestImage.open(image, data, null, true)) {
            assertThat(ours.contents()).isEqualTo(expected);
        }
    }

    static Stream<String> dataFileOptions() {
        return Stream.of(
                "data_file_raw=off",
                "data_file_raw=on",
                "data_file_raw=off,encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
                "data_file_raw=off,cluster_size=4k",
                "extended_l2=on");
    }

    @Test
    void snapshotsLeaveTheActiveDiskReadable() throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, "", "9M");
        QemuTools.io(image, script(false, 3));
        QemuTools.ok("qemu-img", "snapshot", "-c", "first", image.toString());
        QemuTools.io(image, script(false, 4));
        QemuTools.ok("qemu-img", "snapshot", "-c", "second", image.toString());
        QemuTools.io(image, script(false, 5));
        expectSameContents(image, null);
        try (TestImage ours = TestImage.open(image, true)) {
            assertThat(ours.node.image().metadata.snapshots().entries())
                    .extracting(s -> s.id() + " " + s.name() + " " + s.diskSize())
                    .containsExactly("1 first 9437184", "2 second 9437184");
        }
    }

    private static String backing(String options, Path file, String format) {
        String rest = options.isEmpty() ? "" : "," + options;
        return "backing_file=" + file + ",backing_fmt=" + format + rest;
    }

    private void expectSameContents(Path image, @Nullable BlockNode backing) throws Exception {
        byte[] expected = QemuTools.contents(image, dir.resolve("raw"));
        try (TestImage ours = TestImage.open(image, null, backing, true)) {
            assertThat(ours.contents()).isEqualTo(expected);
            assertThat(ours.corruptions).isEmpty();
        }
    }

    /** Writes, zeroes and discards at places that no alignment fits, all inside 5 MiB. */
    private static String[] script(boolean version2, int seed) {
        Random random = new Random(seed);
        List<String> commands = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            int length = 512 * (1 + random.nextInt(random.nextInt(4) == 0 ? 1500 : 100));
            int offset = 512 * random.nextInt(((5 << 20) - length) / 512);
            int kind = random.nextInt(6);
            if (kind == 0 && !version2) {
                commands.add("write -z " + offset + " " + length);
            } else if (kind == 1 && !version2) {
                commands.add("write -zu " + offset + " " + length);
            } else if (kind == 2 && !version2) {
                commands.add("discard " + offset + " " + length);
            } else {
                commands.add("write -P " + (1 + random.nextInt(255)) + " " + offset + " " + length);
            }
        }
        return commands.toArray(new String[0]);
    }

    /** Runs of noise, of repeated bytes and of zeroes. */
    private Path mixedRawFile(int bytes) throws IOException {
        Random random = new Random(bytes);
        byte[] all = new byte[bytes];
        for (int at = 0; at < bytes; ) {
            int run = Math.min(bytes - at, 1 + random.nextInt(200_000));
            int kind = random.nextInt(4);
            for (int i = at; i < at + run; i++) {
                all[i] = (byte) (kind == 0 ? random.nextInt() : kind == 1 ? i >> 9 : kind == 2 ? i % 251 : 0);
            }
            at += run;
        }
        Path file = dir.resolve("mixed.raw");
        Files.write(file, all);
        return file;
    }
}

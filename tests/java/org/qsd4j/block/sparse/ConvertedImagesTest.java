package org.qsd4j.block.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.TestGraph;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.testing.RealTools;

/** Images that the real qemu-img has made have the contents that they were made from. */
class ConvertedImagesTest {
    private static final int SIZE = (9 << 20) + 37 * 512;
    private static final int DATA_END = 5 << 20;

    @TempDir
    Path dir;

    private Path raw;

    @BeforeEach
    void makeContents() throws Exception {
        Random random = new Random(11);
        byte[] contents = new byte[SIZE];
        for (int i = 0; i < 25; i++) {
            byte[] piece = new byte[512 * (1 + random.nextInt(i % 5 == 0 ? 300 : 12))];
            random.nextBytes(piece);
            if (i % 3 == 0) {
                Arrays.fill(piece, (byte) i);
            }
            int at = 512 * random.nextInt((DATA_END - piece.length) / 512);
            System.arraycopy(piece, 0, contents, at, piece.length);
        }
        raw = Files.write(dir.resolve("raw"), contents);
    }

    private Path convert(String format, String... options) throws Exception {
        Path image = dir.resolve("image." + format);
        String[] arguments = {"convert", "-f", "raw", "-O", format};
        arguments = concat(arguments, options);
        // Its exit code means nothing: 11.1 makes compressed qcow images well, and fails.
        RealTools.run("qemu-img", concat(arguments, raw.toString(), image.toString()));
        return image;
    }

    private static String[] concat(String[] first, String... second) {
        String[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vdi",
                "vdi -o static=on",
                "vpc -o force_size=on",
                "vpc -o force_size=on,subformat=fixed",
                "vmdk",
                "vmdk -o subformat=monolithicFlat",
                "vmdk -o subformat=twoGbMaxExtentSparse",
                "vmdk -o subformat=twoGbMaxExtentFlat",
                "vmdk -o subformat=streamOptimized",
                "vmdk -o zeroed_grain=on",
                "vhdx",
                "vhdx -o subformat=fixed",
                "vhdx -o block_size=1M",
                "parallels",
                "parallels -o cluster_size=64k",
                "qcow",
                "qcow -c",
                "qed",
                "qed -o cluster_size=4k,table_size=2",
            })
    void contentsAreTheOriginals(String how) throws Exception {
        String[] words = how.split(" ", -1);
        Path image = convert(words[0], Arrays.copyOfRange(words, 1, words.length));
        try (TestGraph graph = Formats.graph()) {
            BlockNode node = graph.add(Formats.definition(words[0], image, ""));
            assertThat(Formats.contents(node)).isEqualTo(Files.readAllBytes(raw));
        }
    }

    /** Status must never call data a hole. */
    @ParameterizedTest
    @ValueSource(strings = {"vdi", "vpc", "vmdk", "vhdx", "parallels", "qcow", "qed"})
    void whatStatusCallsZeroIsZero(String format) throws Exception {
        Path image = convert(format);
        try (TestGraph graph = Formats.graph()) {
            BlockNode node = graph.add(Formats.definition(format, image, ""));
            byte[] contents = Formats.contents(node);
            BlockStatus status = new BlockStatus();
            long zeroes = 0;
            for (long at = 0; at < contents.length; at += status.bytes) {
                assertThat(node.blockStatus(true, at, contents.length - at, status))
                        .isZero();
                assertThat(status.bytes).isPositive();
                int end = (int) Math.min(contents.length, at + status.bytes);
                if (status.is(BlockStatus.ZERO)) {
                    assertThat(Arrays.copyOfRange(contents, (int) at, end)).containsOnly(0);
                    zeroes += end - at;
                }
            }
            assertThat(zeroes).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qed", "vmdk"})
    void overlaysShowTheirBackingFile(String format) throws Exception {
        boolean vmdk = format.equals("vmdk");
        Path base = vmdk ? convert(format) : raw;
        Path overlay = dir.resolve("overlay");
        String backing = "backing_file=" + base + ",backing_fmt=" + (vmdk ? format : "raw");
        RealTools.run("qemu-img", "create", "-f", format, "-o", backing, overlay.toString());
        RealTools.run("qemu-io", "-f", format, "-c", "write -P 7 1M 70k", overlay.toString());
        byte[] expected = Files.readAllBytes(raw);
        Arrays.fill(expected, 1 << 20, (1 << 20) + 70 * 1024, (byte) 7);
        try (TestGraph graph = Formats.graph()) {
            BlockNode node = graph.add(Formats.definition(format, overlay, ""));
            assertThat(Formats.contents(node)).isEqualTo(expected);
        }
    }

    /** A qcow image doesn't record the format of its backing file, and nobody guesses it. */
    @Test
    void qcowWantsItsBackingDefined() throws Exception {
        Path overlay = dir.resolve("overlay");
        RealTools.run("qemu-img", "create", "-f", "qcow", "-b", raw.toString(), "-F", "raw", overlay.toString());
        try (TestGraph graph = Formats.graph()) {
            assertThatThrownBy(() -> graph.add(Formats.definition("qcow", overlay, "")))
                    .isInstanceOf(QapiException.class)
                    .hasMessageContaining("define it with 'backing'");
            String backing = "'backing':{'driver':'raw','file':{'driver':'file','filename':'" + raw + "'}},";
            BlockNode node = graph.add(Formats.definition("qcow", overlay, backing));
            assertThat(Formats.contents(node)).isEqualTo(Files.readAllBytes(raw));
        }
    }

    @Test
    void nobodyWritesThem() throws Exception {
        Path image = convert("vdi");
        try (TestGraph graph = Formats.graph()) {
            String definition = Formats.definition("vdi", image, "").replace("'read-only':true,", "");
            assertThatThrownBy(() -> graph.add(definition)).hasMessageContaining("only reads");
            BlockNode node = graph.add(definition.replace("'file':", "'auto-read-only':true,'file':"));
            assertThat(node.isReadOnly()).isTrue();
        }
    }

    /** Damaged images are refused or give errors; nothing else ever happens. */
    @ParameterizedTest
    @ValueSource(strings = {"vdi", "vpc", "vmdk", "vhdx", "parallels", "qcow", "qed"})
    void damageIsAnError(String format) throws Exception {
        byte[] good = Files.readAllBytes(convert(format));
        Path bad = dir.resolve("bad");
        Random random = new Random(format.hashCode());
        int refused = 0;
        for (int round = 0; round < 120; round++) {
            byte[] damaged = random.nextInt(8) == 0 ? Arrays.copyOf(good, random.nextInt(good.length)) : good.clone();
            for (int i = 0; i < 1 + random.nextInt(3) && damaged.length > 0; i++) {
                int reach = random.nextBoolean() ? 512 : Math.min(damaged.length, 2 << 20);
                damaged[random.nextInt(Math.min(damaged.length, reach))] =
                        (byte) (random.nextBoolean() ? -1 : random.nextInt());
            }
            Files.write(bad, damaged);
            refused += isRefused(format, bad) ? 1 : 0;
        }
        assertThat(refused).isPositive();
    }

    private static boolean isRefused(String format, Path image) {
        try (TestGraph graph = Formats.graph()) {
            BlockNode node = graph.add(Formats.definition(format, image, ""));
            BlockStatus status = new BlockStatus();
            for (long at = 0; at < Math.min(node.length(), 64 << 20); at += 1 << 20) {
                assertThat(node.blockStatus(true, at, 1 << 20, status)).isLessThanOrEqualTo(0);
            }
            return false;
        } catch (QapiException e) {
            return true;
        }
    }
}

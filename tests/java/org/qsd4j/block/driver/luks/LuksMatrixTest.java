package org.qsd4j.block.driver.luks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.TestGraph;
import org.qsd4j.sys.NativeBuffer;

/** Volumes go back and forth between the real tools and ours, over every cipher, mode, generator and hash of ours. */
class LuksMatrixTest {
    private static final int SIZE = 1 << 20;
    private static final String MARKER = "this text must not be in the file as it stands ";

    @TempDir
    Path dir;

    static Stream<String> options() {
        List<String> all = new ArrayList<>(List.of("", "ivgen-alg=plain", "ivgen-hash-alg=sha1"));
        for (String cipher : List.of("aes-128", "aes-192", "aes-256")) {
            for (String mode : List.of("xts", "cbc", "ctr", "ecb")) {
                // With a key of 24 bytes the real tools end in an assertion.
                if (!cipher.equals("aes-192") || mode.equals("xts")) {
                    all.add("cipher-alg=" + cipher + ",cipher-mode=" + mode);
                    all.add("cipher-alg=" + cipher + ",cipher-mode=" + mode + ",ivgen-alg=plain");
                    all.add("cipher-alg=" + cipher + ",cipher-mode=" + mode + ",ivgen-alg=essiv,ivgen-hash-alg=sha256");
                }
            }
        }
        all.add("cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=md5");
        for (String hash : List.of("md5", "sha1", "sha224", "sha384", "sha512")) {
            all.add("hash-alg=" + hash);
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("options")
    void theirVolumesAreReadAndWritten(String options) throws Exception {
        Path image = dir.resolve("theirs");
        LuksTools.create(image, options, Integer.toString(SIZE));
        LuksTools.io(
                LuksTools.imageOptions(image),
                "write -P 0 0 1M",
                "write -P 17 0 512",
                "write -P 18 70000 123456",
                "write -P 19 1048064 512");
        byte[] expected = LuksTools.contents(LuksTools.imageOptions(image), dir.resolve("raw"));
        try (TestGraph test = LuksTools.graph()) {
            BlockNode node = open(test, image);
            assertThat(LuksTools.contents(node)).isEqualTo(expected);
            writeRandomly(test, node, expected, options.hashCode());
            assertThat(LuksTools.contents(node)).isEqualTo(expected);
        }
        assertThat(LuksTools.contents(LuksTools.imageOptions(image), dir.resolve("raw2")))
                .isEqualTo(expected);
        assertThat(new String(Files.readAllBytes(image), StandardCharsets.ISO_8859_1))
                .doesNotContain(MARKER.substring(0, 16));
    }

    private static BlockNode open(TestGraph test, Path image) {
        return test.add("{'driver':'luks','node-name':'n','key-secret':'s'," + "'file':{'driver':'file','filename':'"
                + image + "'}}");
    }

    /** At places that no alignment fits; text that would be found if it came to the file as it is. */
    private static void writeRandomly(TestGraph test, BlockNode node, byte[] contents, long seed) {
        var backend = test.writer(node);
        Random random = new Random(seed);
        byte[] text = MARKER.repeat(SIZE / MARKER.length() + 1).getBytes(StandardCharsets.US_ASCII);
        NativeBuffer buffer = NativeBuffer.allocate(SIZE);
        for (int i = 0; i < 40; i++) {
            int length = 1 + random.nextInt(random.nextInt(4) == 0 ? 600_000 : 5000);
            int offset = random.nextInt(SIZE - length);
            if (i % 5 == 0) {
                assertThat(backend.writeZeroes(offset, length, 0)).isZero();
                java.util.Arrays.fill(contents, offset, offset + length, (byte) 0);
            } else {
                buffer.put(0, text, 0, length);
                assertThat(backend.write(offset, buffer, 0, length, 0)).isZero();
                byte[] after = new byte[length];
                buffer.get(0, after, 0, length);
                assertThat(after).as("the caller's buffer").isEqualTo(java.util.Arrays.copyOf(text, length));
                System.arraycopy(text, 0, contents, offset, length);
            }
        }
        assertThat(backend.flush()).isZero();
    }

    static Stream<String> createOptions() {
        return Stream.of(
                "",
                ",'cipher-alg':'aes-128','cipher-mode':'cbc','ivgen-alg':'essiv'",
                ",'cipher-alg':'aes-192'",
                ",'cipher-mode':'ctr','ivgen-alg':'plain','hash-alg':'sha512'",
                ",'cipher-mode':'ecb','hash-alg':'sha1'",
                ",'ivgen-hash-alg':'sha1'");
    }

    @ParameterizedTest
    @MethodSource("createOptions")
    void ourVolumesAreReadByTheRealTools(String options) throws Exception {
        Path image = Files.write(dir.resolve("ours"), new byte[700]);
        byte[] expected = new byte[SIZE];
        try (TestGraph test = LuksTools.graph()) {
            test.add("{'driver':'file','node-name':'f','filename':'" + image + "'}");
            LuksTools.createOurs(
                    test,
                    "{'driver':'luks','file':'f','size':" + SIZE + ",'key-secret':'s','iter-time':10" + options + "}");
            BlockNode node = test.add("{'driver':'luks','node-name':'n','key-secret':'s','file':'f'}");
            assertThat(test.writer(node).writeZeroes(0, SIZE, 0)).isZero();
            writeRandomly(test, node, expected, 3);
        }
        assertThat(LuksTools.contents(LuksTools.imageOptions(image), dir.resolve("raw")))
                .isEqualTo(expected);
    }

    @Test
    void detachedHeadersGoBackAndForth() throws Exception {
        Path image = Files.createFile(dir.resolve("data"));
        Path header = Files.createFile(dir.resolve("header"));
        byte[] expected = new byte[SIZE];
        try (TestGraph test = LuksTools.graph()) {
            test.add("{'driver':'file','node-name':'f','filename':'" + image + "'}");
            test.add("{'driver':'file','node-name':'h','filename':'" + header + "'}");
            LuksTools.createOurs(
                    test,
                    "{'driver':'luks','file':'f','header':'h','size':" + SIZE + ",'key-secret':'s','iter-time':10}");
            BlockNode node = test.add("{'driver':'luks','node-name':'n','key-secret':'s','file':'f','header':'h'}");
            assertThat(test.writer(node).writeZeroes(0, SIZE, 0)).isZero();
            writeRandomly(test, node, expected, 4);
        }
        assertThat(Files.size(image)).isEqualTo(SIZE);
        assertThat(Files.size(header)).isEqualTo(2068480);
        String theirs = LuksTools.imageOptions(image) + ",header.driver=file,header.filename=" + header;
        assertThat(LuksTools.contents(theirs, dir.resolve("raw"))).isEqualTo(expected);
        Files.delete(header);
        LuksTools.create(header, "detached-header=on", "0");
        LuksTools.io(theirs, "write -P 9 0 1M");
        try (TestGraph test = LuksTools.graph()) {
            BlockNode node = test.add("{'driver':'luks','node-name':'n','key-secret':'s',"
                    + "'file':{'driver':'file','filename':'" + image + "'},"
                    + "'header':{'driver':'file','filename':'" + header + "'}}");
            assertThat(LuksTools.contents(node)).containsOnly(9);
        }
    }

    @Test
    void anyKeySlotOpensTheVolumeAndErasedOnesDont() throws Exception {
        Path image = dir.resolve("image");
        LuksTools.create(image, "", Integer.toString(SIZE));
        String[] add = {
            "amend",
            "--object",
            LuksTools.secret(),
            "--object",
            "secret,id=n,data=something else",
            "--image-opts",
            LuksTools.imageOptions(image),
            "-o",
            "state=active,new-secret=n,keyslot=5,iter-time=10"
        };
        LuksTools.ok("qemu-img", add);
        String second = "{'driver':'luks','node-name':'n','key-secret':'wrong',"
                + "'file':{'driver':'file','filename':'" + image + "'}}";
        try (TestGraph test = LuksTools.graph()) {
            assertThat(test.add(second).length()).isEqualTo(SIZE);
        }
    }

    @Test
    void theSizeFollowsTheFile() throws Exception {
        Path image = dir.resolve("image");
        LuksTools.create(image, "", Integer.toString(SIZE));
        try (TestGraph test = LuksTools.graph()) {
            BlockNode node = open(test, image);
            test.graph.resize(node, 2 * SIZE);
            assertThat(node.length()).isEqualTo(2 * SIZE);
            test.graph.resize(node, 1000);
            assertThat(node.sectorAlignedLength()).isEqualTo(1024);
        }
        assertThat(Files.size(image)).isEqualTo(2068480 + 1000);
    }
}

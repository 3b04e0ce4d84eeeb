package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.block.BackingName;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.DirtyBitmap;
import org.qsd4j.block.TestEdges;
import org.qsd4j.block.TestGraph;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * An image gets another backing file's name and format, or keeps the old ones: never one's name with the other's format, nor
 * a mixture of two names; whatever fails, and whenever the power is cut.
 */
class BackingFileNameTest {
    private static final int DISK = 1 << 20;
    private static final int CUTS = 12;

    @TempDir
    Path dir;

    private Path oldBase = Path.of("");
    private Path newBase = Path.of("");
    private byte[] below = new byte[0];

    @BeforeEach
    void makeBases() throws Exception {
        below = new byte[DISK];
        new Random(3).nextBytes(below);
        oldBase = Files.write(dir.resolve("old"), below);
        newBase = dir.resolve("new");
        QemuTools.ok("qemu-img", "convert", "-f", "raw", "-O", "qcow2", oldBase.toString(), newBase.toString());
    }

    /** Names of many lengths for the same file: the shortest is the plain one. */
    private static String longer(Path path, int steps) {
        return path.getParent() + "/" + "./".repeat(steps) + path.getFileName();
    }

    private byte[] prepare(String options, String backing) throws Exception {
        Path image = dir.resolve("image");
        Files.deleteIfExists(image);
        boolean bitmap = options.endsWith("bitmap");
        String more = options.replace(",bitmap", "");
        QemuTools.create(image, more + ",backing_fmt=raw,backing_file=" + backing, Integer.toString(DISK));
        QemuTools.io(image, "write -P 17 0 100k");
        if (bitmap) {
            QemuTools.ok("qemu-img", "bitmap", "--add", "-g", "64k", image.toString(), "b");
        }
        return Files.readAllBytes(image);
    }

    /** An image in a graph, over a file that can be cut and can fail. */
    private static final class Subject implements AutoCloseable {
        final RecordingNode.Driver files;
        final TestGraph test;

        Subject(byte[] initial, String options) {
            files = new RecordingNode.Driver(initial);
            test = new TestGraph(files, new Qcow2Driver(line -> {}, event -> {}, QemuTools.SECRETS));
            String encrypt = options.contains("encrypt") ? ",'encrypt':{'format':'luks','key-secret':'s'}" : "";
            test.add("{'driver':'qcow2','node-name':'n','file':{'driver':'null-aio'}" + encrypt + "}");
        }

        void change(String name) {
            BackingName.change(test.graph, "n", "n", name);
        }

        BlockNode node() {
            return Objects.requireNonNull(test.graph.find("n"));
        }

        @Override
        public void close() {
            test.close();
        }
    }

    private static final String OLD = "old raw";
    private static final String NEW = "new qcow2";

    /** What the image in these bytes says. */
    private static String says(byte[] image, String oldName, String newName) {
        ImageMetadata metadata = ImageMetadata.read(TestEdges.of("file", new RecordingNode(image)), false);
        String name = metadata.backingFile();
        String known = oldName.equals(name) ? "old" : newName.equals(name) ? "new" : "'" + name + "'";
        return known + " " + metadata.extensions().backingFormat();
    }

    private void requireClean(byte[] bytes, String what) throws Exception {
        Path after = Files.write(dir.resolve("after"), bytes);
        var check = QemuTools.run("qemu-img", QemuTools.onImage(after, "check"));
        assertThat(check.exitCode()).as("%s: %s", what, check.output()).isZero();
    }

    private String[] names(int oldSteps, int newSteps) {
        return new String[] {longer(oldBase, oldSteps), longer(newBase, newSteps)};
    }

    private List<String[]> namesOfManyLengths() {
        return List.of(names(0, 0), names(0, 400), names(400, 0), names(200, 300), names(0, 60));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cluster_size=64k",
                "cluster_size=2k",
                "cluster_size=4k,compat=0.10",
                "cluster_size=64k,bitmap",
                "cluster_size=64k,encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10"
            })
    void aPowerCutLeavesTheOldNameOrTheNewOne(String options) throws Exception {
        for (String[] names : namesOfManyLengths()) {
            byte[] initial = prepare(options, names[0]);
            try (Subject subject = new Subject(initial, options)) {
                int start = subject.files.node().events();
                subject.change(names[1]);
                int end = subject.files.node().events();
                Set<Integer> seen = new HashSet<>();
                Random random = new Random(11);
                for (int events = start; events <= end; events++) {
                    for (int i = 0; i < CUTS; i++) {
                        byte[] left = i == 0
                                ? subject.files.node().prefix(events)
                                : subject.files.node().cut(events, random);
                        if (seen.add(Arrays.hashCode(left))) {
                            String what = "cut " + i + " after " + events + " of " + start + " to " + end;
                            assertThat(says(left, names[0], names[1])).as(what).isIn(OLD, NEW);
                            requireClean(left, what);
                        }
                        if (events == end) {
                            assertThat(says(left, names[0], names[1])).isEqualTo(NEW);
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cluster_size=64k",
                "cluster_size=2k,bitmap",
                "cluster_size=64k,encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10"
            })
    void anErrorTakesTheChangeBack(String options) throws Exception {
        String[] names = names(100, 300);
        byte[] initial = prepare(options, names[0]);
        long operations = sweep(initial, options, names, Long.MAX_VALUE, 0, Errno.EIO);
        for (int errno : new int[] {Errno.EIO, Errno.ENOSPC}) {
            for (long n = 0; n < operations; n++) {
                sweep(initial, options, names, n, 1, errno);
                sweep(initial, options, names, n, Long.MAX_VALUE / 2, errno);
            }
        }
    }

    /** Fails from the n-th operation of the change on; returns how many there were. */
    private long sweep(byte[] initial, String options, String[] names, long n, long failures, int errno)
            throws Exception {
        String what = "fails at " + n + " for " + failures + " with " + errno;
        RecordingNode file;
        long operations;
        try (Subject subject = new Subject(initial, options)) {
            file = subject.files.node();
            long before = file.operations();
            file.failAt(n == Long.MAX_VALUE ? n : before + n, failures, errno);
            QapiException failed = null;
            try {
                subject.change(names[1]);
            } catch (QapiException e) {
                failed = e;
            }
            operations = file.operations() - before;
            file.failAt(Long.MAX_VALUE, 0, errno);
            if (failures <= 1) {
                assertThat(says(file.contents(), names[0], names[1])).as(what).isEqualTo(failed == null ? NEW : OLD);
            } else {
                assertThat(says(file.contents(), names[0], names[1])).as(what).isIn(OLD, NEW);
            }
            goOn(subject.node(), what);
        }
        requireGoneOn(file.contents(), options, what);
        return operations;
    }

    private static final int WRITTEN_AT = 700_000;

    private void goOn(BlockNode node, String what) {
        NativeBuffer buffer = NativeBuffer.allocate(DISK);
        buffer.put(0, pattern(), 0, 5000);
        assertThat(node.write(WRITTEN_AT, buffer, 0, 5000, 0)).as(what).isZero();
        assertThat(node.flush()).as(what).isZero();
        byte[] all = new byte[DISK];
        assertThat(node.read(0, buffer, 0, DISK)).as(what).isZero();
        buffer.get(0, all, 0, DISK);
        assertThat(all).as(what).isEqualTo(expected());
    }

    private static byte[] pattern() {
        byte[] pattern = new byte[5000];
        new Random(4).nextBytes(pattern);
        return pattern;
    }

    private byte[] expected() {
        byte[] expected = below.clone();
        Arrays.fill(expected, 0, 100 << 10, (byte) 17);
        System.arraycopy(pattern(), 0, expected, WRITTEN_AT, 5000);
        return expected;
    }

    private void requireGoneOn(byte[] bytes, String options, String what) throws Exception {
        requireClean(bytes, what);
        assertThat(QemuTools.contents(dir.resolve("after"), dir.resolve("raw")))
                .as(what)
                .isEqualTo(expected());
        if (options.endsWith("bitmap")) {
            try (TestImage again = TestImage.open(dir.resolve("after"), true)) {
                @Nullable DirtyBitmap bitmap = again.node.findDirtyBitmap("b");
                assertThat(Objects.requireNonNull(bitmap).isDirty(WRITTEN_AT))
                        .as("%s: the bitmap has the write, or says that it misses some", what)
                        .isTrue();
            }
        }
    }
}

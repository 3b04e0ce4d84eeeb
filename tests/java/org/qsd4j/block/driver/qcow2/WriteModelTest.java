package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.block.BlockNode;
import org.qsd4j.testing.RealTools;

/** Random operations leave an image that reads as the model, that qemu-img calls clean, and that reopens the same. */
class WriteModelTest {
    private static final boolean LONG = Boolean.getBoolean("qsd4j.long");
    private static final int SESSIONS = LONG ? 3 : 2;
    private static final int STEPS = LONG ? 2000 : 80;

    @TempDir
    Path dir;

    static Stream<String> options() {
        return ReadMatrixTest.options();
    }

    static Stream<String> plainOptions() {
        return ReadMatrixTest.plainOptions();
    }

    static Stream<String> dataFileOptions() {
        return ReadMatrixTest.dataFileOptions();
    }

    @ParameterizedTest
    @MethodSource("options")
    void emptyImages(String options) throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, options, "6M");
        run(image, null, null, new byte[6 << 20], options.hashCode(), true);
    }

    @ParameterizedTest
    @MethodSource("options")
    void overlays(String options) throws Exception {
        Path base = dir.resolve("base");
        byte[] below = new byte[4 << 20];
        new Random(options.hashCode()).nextBytes(below);
        Files.write(base, below);
        Path image = dir.resolve("image");
        String rest = options.replaceAll("preallocation=\\w+,?", "");
        QemuTools.create(image, "backing_file=" + base + ",backing_fmt=raw" + (rest.isEmpty() ? "" : "," + rest), "6M");
        byte[] contents = Arrays.copyOf(below, 6 << 20);
        try (TestFileNode backing = new TestFileNode(base, true)) {
            run(image, null, backing, contents, options.hashCode(), !options.contains("compat=0.10"));
        }
        assertThat(Files.readAllBytes(base)).isEqualTo(below);
    }

    @ParameterizedTest
    @MethodSource("plainOptions")
    void compressedImages(String options) throws Exception {
        Path raw = dir.resolve("raw");
        byte[] contents = new byte[5 << 20];
        for (int i = 0; i < contents.length; i++) {
            contents[i] = (byte) (i >> 7);
        }
        Files.write(raw, contents);
        Path image = dir.resolve("image");
        List<String> args = new ArrayList<>(List.of("convert", "-c", "-f", "raw", "-O", "qcow2"));
        String rest = options.replaceAll("preallocation=\\w+,?", "");
        if (!rest.isEmpty()) {
            args.addAll(List.of("-o", rest));
        }
        args.addAll(List.of(raw.toString(), image.toString()));
        QemuTools.ok("qemu-img", args.toArray(new String[0]));
        run(image, null, null, contents, options.hashCode(), true);
    }

    @ParameterizedTest
    @MethodSource("dataFileOptions")
    void externalDataFiles(String options) throws Exception {
        Path image = dir.resolve("image");
        Path data = dir.resolve("data");
        QemuTools.create(image, "data_file=" + data + "," + options, "6M");
        byte[] contents = run(image, data, null, new byte[6 << 20], options.hashCode(), false);
        if (options.contains("raw=on")) {
            byte[] external = Files.readAllBytes(data);
            assertThat(Arrays.copyOf(external, contents.length)).isEqualTo(contents);
        }
    }

    @ParameterizedTest
    @MethodSource("options")
    void snapshotsKeepTheirContents(String options) throws Exception {
        if (options.contains("refcount_bits=1") && !options.contains("refcount_bits=16")) {
            return;
        }
        Path image = dir.resolve("image");
        QemuTools.create(image, options, "6M");
        byte[] contents = new byte[6 << 20];
        DiskModel model = new DiskModel(contents, options.hashCode(), false);
        session(image, null, null, model);
        snapshot(image, "-c", "first");
        byte[] first = model.contents.clone();
        session(image, null, null, model);
        session(image, null, null, model);
        check(image);
        assertThat(QemuTools.contents(image, dir.resolve("now"))).isEqualTo(model.contents);
        snapshot(image, "-a", "first");
        assertThat(QemuTools.contents(image, dir.resolve("then"))).isEqualTo(first);
        check(image);
    }

    /** The real one wants the image last, and no format. */
    private static void snapshot(Path image, String action, String name) {
        String[] arguments = QemuTools.onImage(image, "snapshot", action, name);
        if (arguments[3].equals("-f")) {
            arguments = new String[] {"snapshot", action, name, image.toString()};
        }
        QemuTools.ok("qemu-img", arguments);
    }

    private byte[] run(
            Path image, @Nullable Path data, @Nullable BlockNode backing, byte[] contents, long seed, boolean resizes)
            throws Exception {
        DiskModel model = new DiskModel(contents, seed, resizes);
        for (int session = 0; session < SESSIONS; session++) {
            session(image, data, backing, model);
            check(image);
        }
        assertThat(QemuTools.contents(image, dir.resolve("converted"))).isEqualTo(model.contents);
        return model.contents;
    }

    private static void session(Path image, @Nullable Path data, @Nullable BlockNode backing, DiskModel model)
            throws Exception {
        try (TestImage ours = TestImage.open(image, data, backing, false)) {
            model.expectSame(ours.node);
            for (int i = 0; i < STEPS; i++) {
                model.step(ours.node);
            }
            model.expectSame(ours.node);
            assertThat(ours.corruptions).isEmpty();
        }
    }

    static void check(Path image) {
        RealTools.Result outcome = QemuTools.run("qemu-img", QemuTools.onImage(image, "check"));
        assertThat(outcome.exitCode()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains("No errors were found on the image.");
    }
}

package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.RealTools;

/** The check agrees with qemu-img's, on sound images and on damaged ones; what it repairs, qemu-img calls clean. */
class Qcow2CheckTest {
    @TempDir
    Path dir;

    private final List<String> found = new ArrayList<>();

    static Stream<String> options() {
        return ReadMatrixTest.options();
    }

    private CheckResult check(Path image, ImageCheck.Repair repair) {
        found.clear();
        CheckListener listener = new CheckListener() {
            @Override
            public void found(String message) {
                found.add(message);
            }

            @Override
            public void progress(double part) {
                assertThat(part).isBetween(0.0, 1.0);
            }
        };
        try (TestFileNode file = new TestFileNode(image, repair == ImageCheck.Repair.NOTHING)) {
            TestImage ours = TestImage.forRepair(file, repair == ImageCheck.Repair.NOTHING);
            return ImageCheck.run(ours.node, repair, listener);
        }
    }

    private CheckResult agrees(Path image) throws Exception {
        CheckResult ours = check(image, ImageCheck.Repair.NOTHING);
        RealTools.Result outcome = QemuTools.run("qemu-img", QemuTools.onImage(image, "check", "--output=json"));
        String output = outcome.output();
        JsonNode theirs = new ObjectMapper().readTree(output.substring(output.indexOf("{\n")));
        assertThat(ours.corruptions)
                .as("%s %s", output, found)
                .isEqualTo(theirs.path("corruptions").asInt());
        assertThat(ours.leaks).isEqualTo(theirs.path("leaks").asInt());
        assertThat(ours.allocatedClusters)
                .isEqualTo(theirs.path("allocated-clusters").asLong());
        assertThat(ours.fragmentedClusters)
                .isEqualTo(theirs.path("fragmented-clusters").asLong());
        assertThat(ours.compressedClusters)
                .isEqualTo(theirs.path("compressed-clusters").asLong());
        assertThat(ours.totalClusters).isEqualTo(theirs.path("total-clusters").asLong());
        assertThat(ours.imageEndOffset)
                .isEqualTo(theirs.path("image-end-offset").asLong());
        return ours;
    }

    @ParameterizedTest
    @MethodSource("options")
    void soundImages(String options) throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, options, "6M");
        QemuTools.io(image, "write -P 1 0 70k", "write -P 2 1M 300k", "write -P 3 65k 1k");
        assertThat(agrees(image).isClean()).isTrue();
    }

    @Test
    void compressedImagesAndSnapshots() throws Exception {
        Path raw = dir.resolve("raw");
        QemuTools.ok("qemu-img", "create", "-f", "raw", raw.toString(), "2M");
        QemuTools.ok("qemu-io", "-f", "raw", "-c", "write -P 5 0 1M", raw.toString());
        Path image = dir.resolve("image");
        QemuTools.ok("qemu-img", "convert", "-c", "-O", "qcow2", "-f", "raw", raw.toString(), image.toString());
        QemuTools.ok("qemu-img", "snapshot", "-c", "s", image.toString());
        QemuTools.io(image, "write -P 9 100k 300k");
        assertThat(agrees(image).isClean()).isTrue();
    }

    @Test
    void damagedRefcountsAndFlags() throws Exception {
        for (int seed = 0; seed < 12; seed++) {
            Path image = dir.resolve("image" + seed);
            QemuTools.create(image, "", "8M");
            QemuTools.io(image, "write -P 1 0 1M", "write -P 2 3M 300k");
            Random random = new Random(seed);
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                for (int i = 0; i < 3; i++) {
                    file.seek(0x20000 + 2 * (5 + random.nextInt(16)));
                    file.writeShort(random.nextInt(3));
                    file.seek(0x40000 + 8 * random.nextInt(16));
                    file.writeByte(random.nextBoolean() ? 0x80 : 0);
                }
            }
            agrees(image);
            CheckResult repaired = check(image, ImageCheck.Repair.ALL);
            assertThat(repaired.isClean()).as("%s", found).isTrue();
            WriteModelTest.check(image);
        }
    }

    @Test
    void leaksAreRepairedAlone() throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, "", "8M");
        QemuTools.io(image, "write -P 1 0 1M");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(0x20000 + 2 * 40);
            file.writeShort(3);
            file.setLength(3 << 20);
        }
        assertThat(agrees(image).leaks).isEqualTo(1);
        CheckResult repaired = check(image, ImageCheck.Repair.LEAKS);
        assertThat(repaired.isClean()).isTrue();
        assertThat(repaired.leaksFixed).isEqualTo(1);
        WriteModelTest.check(image);
    }

    @Test
    void dirtyImagesAreRepairedBeforeTheFirstWrite() throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, "lazy_refcounts=on", "8M");
        QemuTools.run(
                "qemu-io", "-f", "qcow2", "-c", "write -P 7 0 1M", "-c", "flush", "-c", "abort", image.toString());
        assertThat(QemuTools.run("qemu-img", "check", "-f", "qcow2", image.toString())
                        .exitCode())
                .isNotZero();
        try (TestImage ours = TestImage.open(image, false)) {
            NativeBuffer buffer = NativeBuffer.allocate(512);
            assertThat(ours.node.write(2 << 20, buffer, 0, 512, 0)).isZero();
            assertThat(ours.contents()[4096]).isEqualTo((byte) 7);
        }
        WriteModelTest.check(image);
    }

    @Test
    void newImagesAreAsQemuMakesThem() throws Exception {
        for (long size : new long[] {0, 512, 1 << 20, 10L << 30}) {
            for (int bits : new int[] {9, 16, 21}) {
                Path image = dir.resolve("new-" + size + "-" + bits);
                CreateOptions options = TestImage.createOptions(size, 1L << bits);
                TestImage.create(image, options);
                if (size < 2 << 20) {
                    WriteModelTest.check(image);
                    if (size > 0) {
                        QemuTools.io(image, "write -P 3 0 512");
                    }
                }
                assertThat(agrees(image).isClean()).isTrue();
            }
        }
    }

    /** A change at an offset of an image with 26 clusters: table at 64 KiB, its one block at 128 KiB, L1 at 192 KiB. */
    static Stream<Arguments> damagedRefcountStructures() {
        return Stream.of(
                Arguments.of("no block", 0x10000, 0L),
                Arguments.of("an unaligned block", 0x10000, 0x20200L),
                Arguments.of("a block behind the end", 0x10000, 0x1_0000_0000L),
                Arguments.of("a block in the L1 table", 0x10000, 0x30000L),
                Arguments.of("reserved bits", 0x10000, 0x20001L),
                Arguments.of("a second block in the first", 0x10008, 0x20000L),
                Arguments.of("a damaged block", 0x20000, 0L));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damagedRefcountStructures")
    void damagedRefcountStructuresAreMadeAnew(String what, int offset, long word) throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, "", "8M");
        QemuTools.io(image, "write -P 1 0 1M", "write -P 2 3M 300k");
        byte[] contents = QemuTools.contents(image, dir.resolve("raw"));
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(offset);
            file.writeLong(word);
        }
        byte[] damaged = Files.readAllBytes(image);
        CheckResult repaired = check(image, ImageCheck.Repair.ALL);
        assertThat(repaired.isClean()).as("%s", found).isTrue();
        assertThat(repaired.corruptionsFixed).isPositive();
        WriteModelTest.check(image);
        assertThat(QemuTools.contents(image, dir.resolve("raw"))).isEqualTo(contents);
        interruptedRepairs(damaged, contents);
        try (TestImage ours = TestImage.open(image, false)) {
            NativeBuffer buffer = NativeBuffer.allocate(1 << 20);
            assertThat(ours.node.write(5 << 20, buffer, 0, 1 << 20, 0)).isZero();
            assertThat(ours.corruptions).isEmpty();
        }
        WriteModelTest.check(image);
    }

    /** After each of its writes, or with each failing, the repair can be done again, and nothing has been lost. */
    private void interruptedRepairs(byte[] damaged, byte[] contents) throws Exception {
        RecordingNode whole = new RecordingNode(damaged);
        ImageCheck.run(TestImage.forRepair(whole, false).node, ImageCheck.Repair.ALL, CheckListener.NONE);
        for (int events = 0; events <= whole.events(); events++) {
            repairAgain(whole.prefix(events), contents);
            repairAgain(whole.cut(events, new Random(events)), contents);
        }
        for (int failing = 0; failing < whole.operations(); failing++) {
            RecordingNode file = new RecordingNode(damaged);
            file.failAt(failing, 1, Errno.ENOSPC);
            try {
                ImageCheck.run(TestImage.forRepair(file, false).node, ImageCheck.Repair.ALL, CheckListener.NONE);
            } catch (QapiException e) {
                assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
            }
            repairAgain(file.contents(), contents);
        }
    }

    private void repairAgain(byte[] image, byte[] contents) throws Exception {
        Path path = dir.resolve("again");
        Files.write(path, image);
        assertThat(check(path, ImageCheck.Repair.ALL).isClean()).isTrue();
        WriteModelTest.check(path);
        try (TestImage ours = TestImage.open(path, true)) {
            assertThat(ours.contents()).isEqualTo(contents);
        }
    }
}

package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.RealTools;

/** Clusters written compressed, as others read them. */
class CompressedWriteTest {
    private static final int DISK = (6 << 20) + 1536;

    @TempDir
    Path dir;

    static Stream<String> options() {
        return Stream.of(
                "cluster_size=512",
                "cluster_size=4k,refcount_bits=1",
                "cluster_size=64k,refcount_bits=2",
                "",
                "compat=0.10",
                "cluster_size=2M",
                "extended_l2=on",
                "cluster_size=16k,compression_type=zstd",
                "cluster_size=2M,compression_type=zstd",
                "compression_type=zstd,extended_l2=on");
    }

    @ParameterizedTest
    @MethodSource("options")
    void randomOperationsAmongCompressedWrites(String options) throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, options, Integer.toString(DISK));
        DiskModel model = new DiskModel(new byte[DISK], options.hashCode(), true);
        for (int session = 0; session < 3; session++) {
            try (TestImage ours = TestImage.open(image, false)) {
                model.compressedCluster = (int) ours.node.driverInfo().clusterSize();
                for (int i = 0; i < 120; i++) {
                    model.step(ours.node);
                }
                model.expectSame(ours.node);
                assertThat(ours.corruptions).isEmpty();
            }
            WriteModelTest.check(image);
        }
        assertThat(QemuTools.contents(image, dir.resolve("raw"))).isEqualTo(model.contents);
    }

    /** Repeats over more than 4 KiB, the window that QEMU's own compressor keeps to. */
    @ParameterizedTest
    @MethodSource("options")
    void othersReadFarRepeats(String options) throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, options, Integer.toString(DISK));
        byte[] contents = new byte[DISK];
        Random random = new Random(3);
        for (int at = 0; at < DISK; at += 64 << 10) {
            byte[] piece = new byte[20_000];
            random.nextBytes(piece);
            for (int i = at; i < Math.min(DISK, at + (64 << 10)); i++) {
                contents[i] = piece[(i - at) % piece.length];
            }
        }
        try (TestImage ours = TestImage.open(image, false)) {
            writeAll(ours, contents);
        }
        WriteModelTest.check(image);
        assertThat(QemuTools.contents(image, dir.resolve("raw"))).isEqualTo(contents);
        Path raw = dir.resolve("other");
        String other = QemuTools.otherQemuImg();
        if (other != null) {
            RealTools.Result convert =
                    QemuTools.runProgram(other, "convert", "-O", "raw", image.toString(), raw.toString());
            assertThat(convert.exitCode()).as(convert.output()).isZero();
            assertThat(Files.readAllBytes(raw)).isEqualTo(contents);
        }
    }

    private static void writeAll(TestImage image, byte[] contents) {
        NativeBuffer buffer = NativeBuffer.allocate(contents.length);
        buffer.put(0, contents, 0, contents.length);
        assertThat(image.node.write(0, buffer, 0, contents.length, RequestFlags.WRITE_COMPRESSED))
                .isZero();
    }

    @Test
    void piecesShareClusters() throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, "", "6M");
        long before = Files.size(image);
        byte[] contents = new byte[6 << 20];
        Arrays.fill(contents, (byte) 7);
        try (TestImage ours = TestImage.open(image, false)) {
            writeAll(ours, contents);
        }
        // 96 pieces of about a hundred bytes, and one L2 table.
        assertThat(Files.size(image)).isLessThanOrEqualTo(before + (2 << 16) + 65536);
        WriteModelTest.check(image);
        assertThat(QemuTools.contents(image, dir.resolve("raw"))).isEqualTo(contents);
    }

    @Test
    void onlyWholeFreeClustersAreTaken() throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, "", Integer.toString(DISK));
        NativeBuffer buffer = NativeBuffer.allocate(1 << 20);
        try (TestImage ours = TestImage.open(image, false)) {
            assertThat(write(ours, buffer, 512, 65536)).isEqualTo(-Errno.EINVAL);
            assertThat(write(ours, buffer, 0, 512)).isEqualTo(-Errno.EINVAL);
            assertThat(write(ours, buffer, 6 << 20, 512)).isEqualTo(-Errno.EINVAL);
            assertThat(write(ours, buffer, 6 << 20, 1536)).isZero();
            assertThat(write(ours, buffer, 65536, 131072)).isZero();
            assertThat(write(ours, buffer, 65536, 65536)).isEqualTo(-Errno.EIO);
            assertThat(ours.node.write(262144, buffer, 0, 512, 0)).isZero();
            assertThat(write(ours, buffer, 262144, 65536)).isEqualTo(-Errno.EIO);
            assertThat(ours.node.writeZeroes(65536, 65536, RequestFlags.MAY_UNMAP))
                    .isZero();
            assertThat(write(ours, buffer, 65536, 65536)).isZero();
        }
        WriteModelTest.check(image);
    }

    @Test
    void externalDataFilesHaveNone() throws Exception {
        Path image = dir.resolve("image");
        Path data = dir.resolve("data");
        QemuTools.create(image, "data_file=" + data, "1M");
        try (TestImage ours = TestImage.open(image, data, null, false)) {
            assertThat(write(ours, NativeBuffer.allocate(65536), 0, 65536)).isEqualTo(-Errno.ENOTSUP);
        }
    }

    private static int write(TestImage image, NativeBuffer buffer, long offset, int bytes) {
        return image.node.write(offset, buffer, 0, bytes, RequestFlags.WRITE_COMPRESSED);
    }
}

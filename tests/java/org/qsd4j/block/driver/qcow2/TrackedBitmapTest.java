package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.block.TestEdges;
import org.qsd4j.block.driver.qcow2.format.HeaderExtensions;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.RealTools;

/** Stored bitmaps have every write that we make, as QEMU reads them back; and say so if the end was not clean. */
class TrackedBitmapTest {
    @TempDir
    Path dir;

    private Path image = Path.of("");

    private void create() {
        image = dir.resolve("image");
        QemuTools.create(image, "", "64M");
        QemuTools.ok("qemu-img", "bitmap", "--add", "-g", "64k", image.toString(), "on");
        QemuTools.ok("qemu-img", "bitmap", "--add", "--disable", "-g", "64k", image.toString(), "off");
    }

    private String info() {
        return QemuTools.ok("qemu-img", "info", image.toString());
    }

    /** The dirty ranges, as qemu-img merges them into the map of a copy. */
    private String dirty(String bitmap) {
        return QemuTools.ok(
                "qemu-img",
                "map",
                "--output=json",
                "--image-opts",
                "driver=nbd,server.type=unix,server.path=" + dir.resolve("socket")
                        + ",x-dirty-bitmap=qemu:dirty-bitmap:" + bitmap);
    }

    private String exportedDirty(String bitmap) throws Exception {
        Process nbd = new ProcessBuilder(
                        RealTools.find("qemu-nbd"),
                        "-r",
                        "-k",
                        dir.resolve("socket").toString(),
                        "-B",
                        bitmap,
                        "-f",
                        "qcow2",
                        image.toString())
                .inheritIO()
                .start();
        try {
            for (int i = 0; i < 200 && !Files.exists(dir.resolve("socket")); i++) {
                Thread.sleep(10);
            }
            return dirty(bitmap);
        } finally {
            nbd.destroy();
            nbd.waitFor();
            Files.deleteIfExists(dir.resolve("socket"));
        }
    }

    @Test
    void writesAreTrackedAndStored() throws Exception {
        create();
        for (int round = 0; round < 2; round++) {
            try (TestImage ours = TestImage.open(image, false)) {
                NativeBuffer buffer = NativeBuffer.allocate(4096);
                assertThat(ours.node.write((1 << 20) + (round << 22), buffer, 0, 4096, 0))
                        .isZero();
                assertThat(ours.node.writeZeroes(10 << 20, 65537, RequestFlags.MAY_UNMAP))
                        .isZero();
                assertThat(info()).contains("in-use");
            }
            WriteModelTest.check(image);
            assertThat(info()).doesNotContain("in-use");
        }
        // In the map of a bitmap dirty ranges are those without data.
        String map = exportedDirty("on").replaceAll("\\s+", "");
        assertThat(map)
                .contains("\"start\":1048576,\"length\":65536")
                .contains("\"start\":5242880,\"length\":65536")
                .contains("\"start\":10485760,\"length\":131072");
    }

    @Test
    void imageThatWasNotClosedLeavesBitmapsInUse() throws Exception {
        create();
        try (TestFileNode file = new TestFileNode(image, false)) {
            TestImage ours = new TestImage(file, null, null, Qcow2Options.defaults(false));
            NativeBuffer buffer = NativeBuffer.allocate(512);
            assertThat(ours.node.write(0, buffer, 0, 512, 0)).isZero();
            assertThat(ours.node.flush()).isZero();
        }
        assertThat(info()).contains("in-use");
        WriteModelTest.check(image);
    }

    /** Of a bitmap's directory entry: table size, flags (1: in use, 2: enabled), granularity's logarithm. */
    @ParameterizedTest
    @CsvSource({"0x2001, 2, 16", "0x2001, 3, 16", "0x7fffffff, 2, 16", "0xffffffff, 3, 31", "0xffffffff, 2, 31"})
    void sizesThatWouldTakeTooMuchMemoryAreRefused(String tableSize, int flags, int granularity) throws Exception {
        createWithEntry(Long.decode(tableSize), flags, granularity);
        // Room enough for the table, if only sparse.
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(64L << 30);
        }
        refusesLikeTheRealTool();
    }

    @Test
    void aBitmapThatDoesNotCoverTheDiskIsRefused() throws Exception {
        createWithEntry(1, 2, 9);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            // A disk of 16 GiB, with an L1 table that has room for it.
            file.seek(24);
            file.writeLong(16L << 30);
            file.seek(36);
            file.writeInt(32);
        }
        refusesLikeTheRealTool();
    }

    private void refusesLikeTheRealTool() {
        String error = "Bitmap 'on' doesn't satisfy the constraints";
        assertThat(QemuTools.run("qemu-io", "-f", "qcow2", "-c", "read 0 512", image.toString())
                        .output())
                .contains(error);
        try (TestFileNode file = new TestFileNode(image, true)) {
            BlockChild edge = TestEdges.of("file", file);
            ImageMetadata metadata = ImageMetadata.read(edge, false);
            assertThatThrownBy(() -> BitmapDirectory.read(edge, metadata))
                    .isInstanceOf(QapiException.class)
                    .hasMessage(error);
        }
    }

    private void createWithEntry(long tableSize, int flags, int granularity) throws Exception {
        create();
        QemuTools.ok("qemu-img", "bitmap", "--remove", image.toString(), "off");
        ByteBuffer header = ByteBuffer.wrap(Files.readAllBytes(image));
        int at = header.getInt(100);
        while (header.getInt(at) != HeaderExtensions.BITMAPS) {
            at += 8 + ((header.getInt(at + 4) + 7) & -8);
        }
        long entry = header.getLong(at + 8 + 16);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(entry + 8);
            file.writeInt((int) tableSize);
            file.writeInt(flags);
            file.seek(entry + 17);
            file.writeByte(granularity);
        }
    }

    /** 128 MiB: it is not kept in memory, and says so, while a small one beside it is. */
    @Test
    void bitmapThatIsTooLargeIsLeftInUse() {
        image = dir.resolve("image");
        QemuTools.create(image, "", "512G");
        QemuTools.ok("qemu-img", "bitmap", "--add", "-g", "512", image.toString(), "large");
        try (TestImage ours = TestImage.open(image, false)) {
            NativeBuffer buffer = NativeBuffer.allocate(512);
            assertThat(ours.node.write(0, buffer, 0, 512, 0)).isZero();
        }
        assertThat(info()).contains("in-use");
        WriteModelTest.check(image);
    }

    @ParameterizedTest
    @CsvSource({"18,0xffff", "20,0xffff"})
    void lengthsBeyondTheDirectoryAreRefused(int field, String value) throws Exception {
        create();
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            NativeBuffer head = NativeBuffer.allocate(65536);
            byte[] bytes = new byte[65536];
            file.readFully(bytes);
            head.put(0, bytes, 0, bytes.length);
            HeaderExtensions.Bitmaps bitmaps =
                    HeaderExtensionsReader.read(Qcow2Header.parse(head), head).bitmaps();
            file.seek(Objects.requireNonNull(bitmaps).directoryOffset() + field);
            file.writeShort(Integer.decode(value));
        }
        assertThatThrownBy(() -> TestImage.open(image, false).close()).hasMessageContaining("Broken bitmap directory");
    }
}

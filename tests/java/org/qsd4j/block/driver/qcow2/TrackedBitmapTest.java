package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.RequestFlags;
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
}

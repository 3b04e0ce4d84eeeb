package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.qapi.QapiException;

/** What is wrong with a header is said in the real daemon's words; the real one is asked each time. */
class HeaderCheckTest {
    @TempDir
    Path dir;

    /** A change of the header: offset, width in bytes, value. */
    record Patch(int offset, int width, long value) {}

    private static Arguments of(String message, Patch... patches) {
        return Arguments.of(message, patches);
    }

    private static Patch u32(int offset, long value) {
        return new Patch(offset, 4, value);
    }

    private static Patch u64(int offset, long value) {
        return new Patch(offset, 8, value);
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                of("Image is not in qcow2 format", u32(0, 1)),
                of("Unsupported qcow2 version 1", u32(4, 1)),
                of("Unsupported qcow2 version 4294967295", u32(4, -1)),
                of("Unsupported cluster size: 2^8", u32(20, 8)),
                of("Unsupported cluster size: 2^22", u32(20, 22)),
                of("qcow2 header too short", u32(100, 103)),
                of("qcow2 header exceeds cluster size", u32(100, 65544)),
                of("Invalid backing file offset", u64(8, 65537)),
                of("Invalid backing file offset", u64(8, -1)),
                of("Backing file name too long", u64(8, 1000), u32(16, 1024)),
                of("Backing file name too long", u64(8, 65530), u32(16, 100)),
                of("Unsupported qcow2 feature(s): Unknown incompatible feature: 80", u64(72, 0x80)),
                of("Unsupported qcow2 feature(s): Unknown incompatible feature: c000000000000000", u64(72, 3L << 62)),
                of(
                        "Unsupported qcow2 feature(s): corrupt bit, Unknown incompatible feature: 20",
                        u64(72, 1 << 5 | 1 << 6),
                        new Patch(120 + 48 + 1, 1, 6)),
                of("qcow2: Image is corrupt; cannot be opened read/write", u64(72, 2)),
                of("Reference count entry width too large; may not exceed 64 bits", u32(96, 7)),
                of("Unsupported encryption method 3", u32(32, 3)),
                of("Active L1 table too large", u32(32, 3), u32(36, 0x500000)),
                of("data-file-raw requires a data file", u64(88, 2)),
                of("Missing CRYPTO header for crypt method 2", u32(32, 2)),
                of("Active L1 table too large", u32(36, 0x500000)),
                of("L1 table is too small", u32(36, 0)),
                of("L1 table is too small", u64(24, 1L << 56)),
                of("Active L1 table offset invalid", u64(40, 0x30001)),
                of("Active L1 table offset invalid", u64(40, 1L << 63)),
                of("Could not read L1 table: Input/output error", u64(40, 0x7fffffffffff0000L)),
                of("Image is too big", u64(24, Long.MAX_VALUE)),
                of("Image is too big", u64(24, 1L << 63)),
                of("Image does not contain a reference count table", u32(56, 0)),
                of("Reference count table too large", u32(56, 129)),
                of("Reference count table offset invalid", u64(48, 0x10001)),
                of("Reference count table offset invalid", u64(48, 1L << 63)),
                of("Snapshot table too large", u32(60, 70000)),
                of("Snapshot table offset invalid", u32(60, 1), u64(64, 0x50001)),
                of("qcow2: Compression type incompatible feature bit must be set", new Patch(104, 1, 1)),
                of("qcow2: Compression type incompatible feature bit must not be set", u64(72, 8)),
                of("qcow2: unknown compression type: 2", u64(72, 8), new Patch(104, 1, 2)),
                of("Unsupported subcluster size: 256", u64(72, 16), u32(20, 13)),
                of("Header extension too large", u32(112, 0x12345), u32(116, 70000)),
                of("ERROR: ext_backing_format: len=30 too large (>=16)", u32(112, 0xe2792aca), u32(116, 30)),
                of(
                        "CRYPTO header extension only expected with LUKS encryption method",
                        u32(112, 0x0537be77),
                        u32(116, 16)),
                of(
                        "CRYPTO header extension size 8, but expected size 16",
                        u32(32, 2),
                        u32(112, 0x0537be77),
                        u32(116, 8)),
                of(
                        "Encryption header offset '513' is not a multiple of cluster size '65536'",
                        u32(32, 2),
                        u32(112, 0x0537be77),
                        u32(116, 16),
                        u64(120, 513)),
                of("bitmaps_ext: Invalid extension length", u32(112, 0x23852875), u32(116, 8)),
                of("bitmaps_ext: Reserved field is not zero", u32(112, 0x23852875), u32(116, 24), u64(88, 1)),
                of(
                        "found bitmaps extension with zero bitmaps",
                        u32(112, 0x23852875),
                        u32(116, 24),
                        u64(88, 1),
                        u64(120, 0)),
                of(
                        "bitmaps_ext: Image has 65536 bitmaps, exceeding the QEMU supported maximum of 65535",
                        u32(112, 0x23852875),
                        u32(116, 24),
                        u64(88, 1),
                        u64(120, 0x10000L << 32)),
                of(
                        "bitmaps_ext: invalid bitmap directory offset",
                        u32(112, 0x23852875),
                        u32(116, 24),
                        u64(88, 1),
                        u64(120, 1L << 32),
                        u64(136, 1)),
                of(
                        "bitmaps_ext: bitmap directory size (18446744073709551615) exceeds the maximum supported size"
                                + " (67107840)",
                        u32(112, 0x23852875),
                        u32(116, 24),
                        u64(88, 1),
                        u64(120, 1L << 32),
                        u64(128, -1),
                        u64(136, 0)));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void faultIsNamedAsTheRealDaemonNamesIt(String message, Patch[] patches) throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, "", "1M");
        patch(image, patches);
        Throwable error = catchThrowable(() -> TestImage.open(image, false).close());
        assertThat(error).isInstanceOf(QapiException.class).hasMessage(message);
        assertThat(QemuTools.run("qemu-io", "-f", "qcow2", "-c", "quit", image.toString())
                        .output())
                .contains(message);
    }

    @Test
    void shortFilesAreNotImages() throws Exception {
        Path image = dir.resolve("image");
        QemuTools.create(image, "", "1M");
        for (int length : new int[] {103, 72, 71, 3, 0}) {
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(length);
            }
            Throwable error = catchThrowable(() -> TestImage.open(image, false).close());
            assertThat(error).hasMessage(length < 4 ? "Image is not in qcow2 format" : "qcow2 header too short");
        }
    }

    static void patch(Path image, Patch... patches) throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            for (Patch patch : patches) {
                file.seek(patch.offset());
                for (int shift = 8 * (patch.width() - 1); shift >= 0; shift -= 8) {
                    file.write((int) (patch.value() >>> shift));
                }
            }
        }
    }
}

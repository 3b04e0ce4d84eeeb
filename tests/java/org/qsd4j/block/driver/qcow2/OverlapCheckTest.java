package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** Each class of {@code overlap-check} alone keeps data from being written over what it names, and nothing else. */
class OverlapCheckTest {
    private static final long COPIED = 1L << 63;
    private static final long OFFSET = 0x00ff_ffff_ffff_fe00L;

    @TempDir
    Path dir;

    private byte[] image;
    private long l2Table;

    static Stream<Arguments> classes() {
        return Stream.of(
                Arguments.of(OverlapCheck.ACTIVE_L1, "active L1 table"),
                Arguments.of(OverlapCheck.ACTIVE_L2, "active L2 table"),
                Arguments.of(OverlapCheck.REFCOUNT_BLOCK, "refcount block"),
                Arguments.of(OverlapCheck.REFCOUNT_TABLE, "refcount table"),
                Arguments.of(OverlapCheck.SNAPSHOT_TABLE, "snapshot table"),
                Arguments.of(OverlapCheck.INACTIVE_L1, "inactive L1 table"),
                Arguments.of(OverlapCheck.INACTIVE_L2, "inactive L2 table"),
                Arguments.of(OverlapCheck.BITMAP_DIRECTORY, "bitmap directory"));
    }

    @BeforeEach
    void makeImage() throws Exception {
        Path path = dir.resolve("image");
        QemuTools.create(path, "", "1M");
        QemuTools.io(path, "write -P 1 0 128k");
        QemuTools.ok("qemu-img", "snapshot", "-c", "s", path.toString());
        QemuTools.io(path, "write -P 2 0 128k");
        QemuTools.ok("qemu-img", "bitmap", "--add", path.toString(), "b");
        image = Files.readAllBytes(path);
        l2Table = word(word(40)) & OFFSET;
    }

    private long word(long at) {
        return ByteBuffer.wrap(image).getLong((int) at);
    }

    private long placeOf(int overlapClass) {
        return switch (overlapClass) {
            case OverlapCheck.ACTIVE_L1 -> word(40);
            case OverlapCheck.ACTIVE_L2 -> l2Table;
            case OverlapCheck.REFCOUNT_BLOCK -> word(word(48));
            case OverlapCheck.REFCOUNT_TABLE -> word(48);
            case OverlapCheck.SNAPSHOT_TABLE -> word(64);
            case OverlapCheck.INACTIVE_L1 -> word(word(64));
            case OverlapCheck.INACTIVE_L2 -> word(word(word(64))) & OFFSET;
            case OverlapCheck.BITMAP_DIRECTORY -> bitmapDirectory();
            default -> throw new IllegalArgumentException();
        };
    }

    private long bitmapDirectory() {
        ByteBuffer header = ByteBuffer.wrap(image);
        int at = 104;
        while (header.getInt(at) != 0x23852875) {
            at += 8 + ((header.getInt(at + 4) + 7) & -8);
        }
        return header.getLong(at + 8 + 16);
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("classes")
    void aClassAloneProtectsItsOwn(int overlapClass, String name) {
        ByteBuffer.wrap(image).putLong((int) l2Table, COPIED | placeOf(overlapClass));
        assertThat(write(overlapClass, name)).isEqualTo(-Errno.EIO);
        assertThat(write(OverlapCheck.ALL & ~overlapClass, null)).isZero();
        assertThat(write(OverlapCheck.NONE, null)).isZero();
    }

    private int write(int mask, @Nullable String overlapped) {
        Qcow2Options usual = Qcow2Options.defaults(false);
        Qcow2Options options = new Qcow2Options(
                false,
                null,
                usual.passDiscardRequest(),
                usual.passDiscardSnapshot(),
                usual.passDiscardOther(),
                false,
                mask,
                0,
                usual.l2CacheEntrySize(),
                0,
                0);
        TestImage opened = new TestImage(new RecordingNode(image), null, null, options);
        int result = opened.node.write(0, NativeBuffer.allocate(512), 0, 512, 0);
        if (overlapped == null) {
            assertThat(opened.corruptions).isEmpty();
        } else {
            assertThat(opened.corruptions)
                    .containsExactly("Preventing invalid write on metadata (overlaps with " + overlapped + ")");
        }
        return result;
    }
}

package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A repair writes to nothing as a table that is something else, too, whatever the image claims. */
class HostileRepairTest {
    private static final long COPIED = 1L << 63;
    private static final long OFFSET = 0x00ff_ffff_ffff_fe00L;
    private static final int CLUSTER = 4096;

    /** An L1 entry that no guest data uses, of the disk's last quarter. */
    private static final int UNUSED_L1_ENTRY = 6;

    private static final int USED = 4 << 20;

    @TempDir
    Path dir;

    private Path image = Path.of("");
    private byte[] sound = {};
    private byte[] contents = {};
    private byte[] snapshot = {};

    @BeforeEach
    void makeImage() throws Exception {
        image = dir.resolve("image");
        QemuTools.create(image, "cluster_size=4k", "16M");
        QemuTools.io(image, "write -P 0 0 1M", "write -P 2 3M 300k");
        QemuTools.ok("qemu-img", "snapshot", "-c", "s", image.toString());
        QemuTools.io(image, "write -P 3 0 200k");
        plantEntries();
        sound = Files.readAllBytes(image);
        contents = guest();
        snapshot = snapshot();
    }

    /** The first data cluster gets words that are entries with wrong flags, should anybody take it for a table. */
    private void plantEntries() throws Exception {
        sound = Files.readAllBytes(image);
        long data = word(word(word(40)) & OFFSET) & OFFSET;
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            for (int i = 0; i < CLUSTER / 8; i += 2) {
                file.seek(data + 8L * i);
                file.writeLong(COPIED | (data + CLUSTER));
            }
        }
    }

    private byte[] guest() throws Exception {
        Path raw = dir.resolve("guest");
        Files.deleteIfExists(raw);
        QemuTools.ok("qemu-img", "dd", "-f", "qcow2", "-O", "raw", "bs=1M", "count=4", "if=" + image, "of=" + raw);
        return Files.readAllBytes(raw);
    }

    private byte[] snapshot() throws Exception {
        Path raw = dir.resolve("raw");
        QemuTools.ok("qemu-img", "convert", "-f", "qcow2", "-l", "s", "-O", "raw", image.toString(), raw.toString());
        return Arrays.copyOf(Files.readAllBytes(raw), USED);
    }

    private long word(long at) {
        return ByteBuffer.wrap(sound).getLong((int) at);
    }

    private long placeOf(String what) {
        long l1 = word(40);
        long inactiveL1 = word(word(64));
        return switch (what) {
            case "header" -> 0;
            case "active L1 table" -> l1;
            case "refcount table" -> word(48);
            case "refcount block" -> word(word(48));
            case "snapshot table" -> word(64);
            case "inactive L1 table" -> inactiveL1;
            case "inactive L2 table" -> word(inactiveL1) & OFFSET;
            case "active L2 table" -> word(l1) & OFFSET;
            case "data" -> word(word(l1) & OFFSET) & OFFSET;
            default -> throw new IllegalArgumentException(what);
        };
    }

    static Stream<Arguments> places() {
        return Stream.of(
                        "header",
                        "active L1 table",
                        "refcount table",
                        "refcount block",
                        "snapshot table",
                        "inactive L1 table",
                        "inactive L2 table",
                        "active L2 table",
                        "data")
                .flatMap(what -> Stream.of(Arguments.of(what, 0L), Arguments.of(what, COPIED)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("places")
    void whatIsSomethingElseIsNotRepairedAsAnL2Table(String what, long flag) throws Exception {
        putWord(word(40) + 8 * UNUSED_L1_ENTRY, placeOf(what) | flag);
        int before = realCheck();
        repair();
        assertThat(realCheck()).isIn(0, before);
        assertThat(guest()).isEqualTo(contents);
        assertThat(snapshot()).isEqualTo(snapshot);
    }

    @Test
    void aSecondUseOfTheL1TableKeepsItFromBeingRepaired() throws Exception {
        // An entry of the snapshot refers to the active L1 table as its L2 table.
        putWord(word(word(64)) + 8 * UNUSED_L1_ENTRY, word(40));
        repair();
        byte[] left = Files.readAllBytes(image);
        assertThat(Arrays.copyOfRange(left, (int) word(40), (int) word(40) + CLUSTER))
                .isEqualTo(Arrays.copyOfRange(sound, (int) word(40), (int) word(40) + CLUSTER));
        assertThat(guest()).isEqualTo(contents);
    }

    private void putWord(long at, long value) throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(at);
            file.writeLong(value);
        }
    }

    private int realCheck() {
        return QemuTools.run("qemu-img", "check", image.toString()).exitCode();
    }

    private void repair() {
        try (TestFileNode file = new TestFileNode(image, false)) {
            ImageCheck.run(TestImage.forRepair(file, false).node, ImageCheck.Repair.ALL, CheckListener.NONE);
        }
    }
}

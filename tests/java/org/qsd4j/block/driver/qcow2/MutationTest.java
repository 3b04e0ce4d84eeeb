package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.NativeBuffer;

/**
 * Images with bytes changed in their metadata: they are refused with one message or opened, and whatever is asked of them
 * gets an answer, in bounded time, without an exception; a check of them ends, too.
 */
class MutationTest {
    private static final int SEEDS = Boolean.getBoolean("qsd4j.long") ? 20_000 : 250;
    private static final int DISK = 1 << 20;
    private static final long[] INTERESTING = {
        0,
        1,
        0xff,
        0x1ff,
        0x200,
        0x1000,
        0x10000,
        0x7fff_ffffL,
        0x8000_0000L,
        0xffff_ffffL,
        1L << 40,
        1L << 55,
        1L << 56,
        1L << 62,
        1L << 63,
        Long.MAX_VALUE,
        -1,
        -512,
        0x8000_0000_0000_0200L
    };

    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=512", "cluster_size=16k,extended_l2=on", "compressed", "snapshot", "bitmap"})
    void damagedImagesAreAnswered(String options) throws Exception {
        byte[] sound = prepare(options);
        int metadata = Math.min(sound.length, 96 << 10);
        for (int seed = 0; seed < SEEDS; seed++) {
            byte[] damaged = mutate(sound, metadata, seed);
            int number = seed;
            Assertions.assertTimeoutPreemptively(
                    Duration.ofSeconds(60), () -> use(damaged, number), "seed " + seed + " of " + options);
        }
    }

    private byte[] prepare(String options) throws Exception {
        Path image = dir.resolve("image");
        if (options.equals("compressed")) {
            Path raw = dir.resolve("raw");
            byte[] data = new byte[DISK];
            for (int i = 0; i < DISK; i++) {
                data[i] = (byte) (i >> 8);
            }
            Files.write(raw, data);
            QemuTools.ok(
                    "qemu-img",
                    "convert",
                    "-c",
                    "-O",
                    "qcow2",
                    "-o",
                    "cluster_size=4k",
                    raw.toString(),
                    image.toString());
        } else {
            QemuTools.create(image, options.contains("=") ? options : "cluster_size=4k", Integer.toString(DISK));
            QemuTools.io(image, "write -P 1 0 100k", "write -z 200k 64k", "write -P 2 700k 9k");
        }
        if (options.equals("snapshot")) {
            QemuTools.ok("qemu-img", "snapshot", "-c", "s", image.toString());
            QemuTools.io(image, "write -P 3 50k 20k");
        }
        if (options.equals("bitmap")) {
            QemuTools.ok("qemu-img", "bitmap", "--add", image.toString(), "b");
        }
        return Files.readAllBytes(image);
    }

    private static byte[] mutate(byte[] sound, int metadata, int seed) {
        Random random = new Random(seed);
        byte[] damaged = sound.clone();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            int limit = random.nextInt(3) == 0 ? 160 : metadata;
            int width = 1 << random.nextInt(4);
            int at = random.nextInt(limit / width) * width;
            long value = random.nextInt(3) == 0 ? random.nextLong() : INTERESTING[random.nextInt(INTERESTING.length)];
            for (int b = 0; b < width; b++) {
                damaged[at + b] = (byte) (value >>> (8 * (width - 1 - b)));
            }
        }
        return random.nextInt(20) == 0 ? Arrays.copyOf(damaged, random.nextInt(damaged.length)) : damaged;
    }

    private static void use(byte[] damaged, int seed) {
        for (boolean readOnly : new boolean[] {true, false}) {
            RecordingNode file = new RecordingNode(damaged, 16 << 20);
            try {
                TestImage image = new TestImage(file, null, null, Qcow2Options.defaults(readOnly));
                exercise(image, new Random(seed), readOnly);
            } catch (QapiException e) {
                assertThat(e.desc()).isNotEmpty().doesNotContain("\n");
            }
            try {
                RecordingNode copy = new RecordingNode(damaged, 16 << 20);
                TestImage image = TestImage.forRepair(copy, readOnly);
                ImageCheck.run(image.node, ImageCheck.Repair.ALL, CheckListener.NONE);
            } catch (QapiException e) {
                assertThat(e.desc()).isNotEmpty();
            }
        }
    }

    private static void exercise(TestImage image, Random random, boolean readOnly) {
        NativeBuffer buffer = NativeBuffer.allocate(64 << 10);
        long length = Math.min(image.node.length(), 2L * DISK);
        for (long at = 0; at + buffer.capacity() <= length; at += buffer.capacity()) {
            assertThat(image.node.read(at, buffer, 0, buffer.capacity())).isLessThanOrEqualTo(0);
        }
        for (int i = 0; i < 20 && !readOnly && length > 8192; i++) {
            long at = random.nextInt((int) length - 4096);
            int result = switch (i % 4) {
                case 0 -> image.node.writeZeroes(at, 4000, RequestFlags.MAY_UNMAP);
                case 1 -> image.node.discard(at, 4096);
                case 2 -> image.node.flush();
                default -> image.node.write(at, buffer, 0, 3000, 0);
            };
            assertThat(result).isLessThanOrEqualTo(0);
        }
        if (!readOnly) {
            try {
                image.node.truncate(length + 512, true, PreallocMode.OFF, 0);
            } catch (QapiException e) {
                assertThat(e.desc()).isNotEmpty();
            }
        }
        image.node.doClose();
    }
}

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
import org.qsd4j.block.RequestFlags;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.RealTools;

/**
 * Whatever part of the unflushed writes a power cut leaves, the image opens, has nothing worse than leaks, holds all that
 * was flushed, and shows only what was written at its place: old or new.
 */
class PowerCutTest {
    private static final boolean LONG = Boolean.getBoolean("qsd4j.long");
    private static final int DISK = 2 << 20;
    private static final int STEPS = LONG ? 400 : 60;
    private static final int CUTS = LONG ? 400 : 25;

    @TempDir
    Path dir;

    static Stream<String> options() {
        return Stream.of(
                "cluster_size=512,refcount_bits=64",
                "cluster_size=512,refcount_bits=1",
                "cluster_size=4k",
                "cluster_size=64k",
                "cluster_size=16k,extended_l2=on",
                "compat=0.10,cluster_size=1k",
                "lazy_refcounts=on,cluster_size=2k",
                "cluster_size=4k,encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
                "cluster_size=16k,extended_l2=on,encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
                "cluster_size=2k,encrypt.format=aes,encrypt.key-secret=s",
                "snapshot",
                "backing",
                "compressed",
                "cluster_size=4k,compressing",
                "cluster_size=512,refcount_bits=1,compressing",
                "cluster_size=8k,compression_type=zstd,compressing",
                "cluster_size=16k,extended_l2=on,compressing");
    }

    /** What the disk held after one operation had been acknowledged. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record State(int events, byte[] contents) {}

    @ParameterizedTest
    @MethodSource("options")
    void everyCutLeavesAnImageWithAllFlushedData(String options) throws Exception {
        byte[] below = new byte[DISK];
        new Random(7).nextBytes(below);
        Path base = dir.resolve("base");
        Files.write(base, below);
        Path image = prepare(options, base);
        byte[] first = QemuTools.contents(image, dir.resolve("first"));
        RecordingNode file = new RecordingNode(Files.readAllBytes(image));
        try (TestFileNode backing = new TestFileNode(base, true)) {
            BlockNode below1 = options.equals("backing") ? backing : null;
            List<State> states = new ArrayList<>();
            List<State> flushes = new ArrayList<>();
            operate(file, below1, first, options, states, flushes);
            Random random = new Random(options.hashCode());
            int total = file.events();
            for (int cut = 0; cut < CUTS; cut++) {
                int events = cut == 0 ? total : 1 + random.nextInt(total);
                byte[] left = cut % 5 == 4 ? file.prefix(events) : file.cut(events, random);
                verify(left, events, states, flushes, below1);
            }
        }
    }

    private Path prepare(String options, Path base) {
        Path image = dir.resolve("image");
        switch (options) {
            case "snapshot" -> {
                QemuTools.create(image, "cluster_size=4k", Integer.toString(DISK));
                QemuTools.io(image, "write -P 17 0 1M");
                QemuTools.ok("qemu-img", "snapshot", "-c", "s", image.toString());
            }
            case "backing" ->
                QemuTools.create(
                        image, "cluster_size=4k,backing_file=" + base + ",backing_fmt=raw", Integer.toString(DISK));
            case "compressed" ->
                QemuTools.ok(
                        "qemu-img",
                        "convert",
                        "-c",
                        "-f",
                        "raw",
                        "-O",
                        "qcow2",
                        "-o",
                        "cluster_size=4k",
                        base.toString(),
                        image.toString());
            default -> QemuTools.create(image, options.replace(",compressing", ""), Integer.toString(DISK));
        }
        return image;
    }

    /** Writes whole sectors with bytes that tell the operation, so that old and new can be told apart. */
    private static void operate(
            RecordingNode file,
            @Nullable BlockNode backing,
            byte[] first,
            String options,
            List<State> states,
            List<State> flushes) {
        TestImage image = new TestImage(file, null, backing, Qcow2Options.defaults(false));
        Random random = new Random(options.hashCode());
        NativeBuffer buffer = NativeBuffer.allocate(DISK);
        byte[] contents = first.clone();
        boolean compressing = options.endsWith("compressing");
        states.add(new State(0, contents.clone()));
        flushes.add(new State(0, contents.clone()));
        for (int step = 0; step < STEPS; step++) {
            int length = 512 * (1 + random.nextInt(random.nextInt(4) == 0 ? 200 : 20));
            int offset = 512 * random.nextInt((DISK - length) / 512);
            int kind = random.nextInt(10);
            if (kind == 0) {
                assertThat(image.node.flush()).isZero();
                flushes.add(new State(file.events(), contents.clone()));
            } else if (kind <= 2) {
                int flags = random.nextBoolean() ? RequestFlags.MAY_UNMAP : 0;
                assertThat(image.node.writeZeroes(offset, length, flags)).isZero();
                Arrays.fill(contents, offset, offset + length, (byte) 0);
            } else if (kind == 3) {
                assertThat(image.node.discard(offset, length)).isZero();
                assertThat(image.node.read(offset, buffer, 0, length)).isZero();
                buffer.get(0, contents, offset, length);
            } else if (compressing && random.nextBoolean()) {
                int cluster = (int) image.node.driverInfo().clusterSize();
                int start = offset / cluster * cluster;
                byte[] data = DiskModel.compressible(random, cluster);
                buffer.put(0, data, 0, cluster);
                int result = image.node.write(start, buffer, 0, cluster, RequestFlags.WRITE_COMPRESSED);
                assertThat(result).isIn(0, -Errno.EIO);
                if (result == 0) {
                    System.arraycopy(data, 0, contents, start, cluster);
                }
            } else {
                byte[] data = new byte[length];
                random.nextBytes(data);
                buffer.put(0, data, 0, length);
                assertThat(image.node.write(offset, buffer, 0, length, 0)).isZero();
                System.arraycopy(data, 0, contents, offset, length);
            }
            states.add(new State(file.events(), contents.clone()));
        }
        image.node.doClose();
        flushes.add(new State(file.events(), contents.clone()));
        assertThat(image.corruptions).isEmpty();
    }

    private void verify(byte[] left, int events, List<State> states, List<State> flushes, @Nullable BlockNode backing)
            throws Exception {
        Path cut = dir.resolve("cut");
        Files.write(cut, left);
        RealTools.Result check = QemuTools.run("qemu-img", QemuTools.onImage(cut, "check"));
        assertThat(check.exitCode())
                .as("cut after %d: %s", events, check.output())
                .isIn(0, 3);
        byte[] now;
        try (TestImage image = TestImage.open(cut, null, backing, true)) {
            now = image.contents();
            assertThat(image.corruptions).isEmpty();
        }
        State flushed = flushes.get(0);
        for (State flush : flushes) {
            flushed = flush.events <= events ? flush : flushed;
        }
        for (int sector = 0; sector < DISK; sector += 512) {
            if (!isExplained(now, sector, flushed, events, states)) {
                throw new AssertionError("cut after " + events + ": sector at " + sector + " holds foreign data");
            }
        }
    }

    /** The sector is what it was at the last flush, or what one of the later operations made of it. */
    private static boolean isExplained(byte[] now, int sector, State flushed, int events, List<State> states) {
        if (Arrays.equals(now, sector, sector + 512, flushed.contents, sector, sector + 512)) {
            return true;
        }
        boolean reached = false;
        for (State state : states) {
            if (state.events >= flushed.events
                    && !reached
                    && Arrays.equals(now, sector, sector + 512, state.contents, sector, sector + 512)) {
                return true;
            }
            // The first operation that ends behind the cut may have been under way.
            reached = state.events > events;
        }
        return false;
    }
}

package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.RealTools;

/**
 * The n-th write or flush of the file fails, for every n of a script: the operation says so or is none the worse for it,
 * the others succeed, and the image is clean but for leaks, with everything that was acknowledged.
 */
class ErrorSweepTest {
    private static final boolean LONG = Boolean.getBoolean("qsd4j.long");
    private static final int DISK = 1 << 20;
    private static final int STEPS = LONG ? 150 : 40;

    @TempDir
    Path dir;

    static Stream<Arguments> cases() {
        List<Arguments> all = new ArrayList<>();
        for (String options : List.of(
                "cluster_size=512,refcount_bits=64",
                "cluster_size=4k",
                "cluster_size=16k,extended_l2=on",
                "cluster_size=4k,encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
                "cluster_size=4k,compressing",
                "cluster_size=4k,compression_type=zstd,compressing",
                "snapshot")) {
            all.add(Arguments.of(options, Errno.EIO, 1L));
            all.add(Arguments.of(options, Errno.ENOSPC, 1L));
            all.add(Arguments.of(options, Errno.ENOSPC, 7L));
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyFailingOperationIsSurvived(String options, int errno, long failures) throws Exception {
        Path image = dir.resolve("image");
        if (options.equals("snapshot")) {
            QemuTools.create(image, "cluster_size=4k", Integer.toString(DISK));
            QemuTools.io(image, "write -P 17 0 512k");
            QemuTools.ok("qemu-img", "snapshot", "-c", "s", image.toString());
        } else {
            QemuTools.create(image, options.replace(",compressing", ""), Integer.toString(DISK));
        }
        byte[] initial = Files.readAllBytes(image);
        byte[] disk = QemuTools.contents(image, dir.resolve("raw"));
        long operations = run(initial, disk, options, Long.MAX_VALUE, 0, errno);
        long step = LONG ? 1 : Math.max(1, operations / 40);
        for (long n = 0; n < operations; n += step) {
            run(initial, disk, options, n, failures, errno);
        }
    }

    /** Does the script; returns how many operations of the file it took. */
    private long run(byte[] initial, byte[] disk, String options, long failAt, long failures, int errno)
            throws Exception {
        RecordingNode file = new RecordingNode(initial);
        TestImage image = new TestImage(file, null, null, Qcow2Options.defaults(false));
        file.failAt(failAt, failures, errno);
        Random random = new Random(5);
        NativeBuffer buffer = NativeBuffer.allocate(DISK);
        Expectation expected = new Expectation(disk);
        for (int step = 0; step < STEPS; step++) {
            int length = 512 * (1 + random.nextInt(40));
            int offset = 512 * random.nextInt((expected.contents.length - length) / 512);
            byte[] data = new byte[length];
            int kind = random.nextInt(10);
            int result;
            if (kind == 0) {
                image.node.flush();
                continue;
            } else if (kind == 1) {
                int size = expected.contents.length + 512 * (random.nextInt(400) - 200);
                try {
                    image.node.truncate(size, true, PreallocMode.OFF, 0);
                } catch (QapiException e) {
                    assertThat(e.errno()).isEqualTo(errno);
                }
                expected.resize((int) image.node.length());
                continue;
            } else if (kind <= 3) {
                int flags = random.nextBoolean() ? RequestFlags.MAY_UNMAP : 0;
                result = image.node.writeZeroes(offset, length, flags);
            } else if (options.endsWith("compressing") && random.nextBoolean()) {
                int cluster = (int) image.node.driverInfo().clusterSize();
                offset = offset / cluster * cluster;
                data = DiskModel.compressible(random, Math.min(cluster, expected.contents.length - offset));
                buffer.put(0, data, 0, data.length);
                result = image.node.write(offset, buffer, 0, data.length, RequestFlags.WRITE_COMPRESSED);
                // What holds something already can't be written compressed.
                assertThat(result).isIn(0, -errno, -Errno.EIO);
                expected.wrote(offset, data, result == 0);
                continue;
            } else {
                random.nextBytes(data);
                buffer.put(0, data, 0, length);
                result = image.node.write(offset, buffer, 0, length, 0);
            }
            assertThat(result).isIn(0, -errno);
            expected.wrote(offset, data, result == 0);
        }
        expected.check(image);
        file.failAt(Long.MAX_VALUE, 0, errno);
        assertThat(image.node.flush()).isZero();
        image.node.doClose();
        assertThat(image.corruptions).isEmpty();
        reopen(file, expected, "fail at " + failAt);
        return file.operations();
    }

    private void reopen(RecordingNode file, Expectation expected, String what) throws Exception {
        Path path = dir.resolve("after");
        Files.write(path, file.contents());
        RealTools.Result check = QemuTools.run("qemu-img", QemuTools.onImage(path, "check"));
        assertThat(check.exitCode()).as("%s: %s", what, check.output()).isIn(0, 3);
        try (TestImage again = TestImage.open(path, true)) {
            expected.check(again);
        }
    }

    /** What a byte may be: as last acknowledged, or as one of the operations since would have made it that failed. */
    private static final class Expectation {
        private final List<int[]> failedAt = new ArrayList<>();
        private final List<byte[]> failed = new ArrayList<>();
        private byte[] contents;

        /** How many failed operations each byte's last acknowledged one has made void. */
        private int[] voided;

        Expectation(byte[] disk) {
            contents = disk.clone();
            voided = new int[disk.length];
        }

        void wrote(int offset, byte[] data, boolean acknowledged) {
            if (acknowledged) {
                System.arraycopy(data, 0, contents, offset, data.length);
                Arrays.fill(voided, offset, offset + data.length, failed.size());
            } else {
                failedAt.add(new int[] {offset});
                failed.add(data);
            }
        }

        void resize(int size) {
            int old = contents.length;
            contents = Arrays.copyOf(contents, size);
            voided = Arrays.copyOf(voided, size);
            if (size > old) {
                Arrays.fill(voided, old, size, failed.size());
            }
        }

        void check(TestImage image) {
            byte[] now = image.contents();
            assertThat(now.length).isEqualTo(contents.length);
            for (int i = 0; i < now.length; i++) {
                if (now[i] != contents[i] && !isOfFailed(i, now[i])) {
                    throw new AssertionError("byte at " + i + " is neither acknowledged nor of a failed operation");
                }
            }
        }

        private boolean isOfFailed(int at, byte value) {
            for (int k = voided[at]; k < failed.size(); k++) {
                int inside = at - failedAt.get(k)[0];
                if (inside >= 0 && inside < failed.get(k).length && failed.get(k)[inside] == value) {
                    return true;
                }
            }
            return false;
        }
    }
}

package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.qapi.gen.SnapshotInfo;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.RealTools;

/** Snapshots taken and deleted between writes: the real tools find the image sound and each snapshot as it was taken. */
class InternalSnapshotTest {
    private static final boolean LONG = Boolean.getBoolean("qsd4j.long");
    private static final int DISK = 1 << 20;
    private static final int STEPS = LONG ? 200 : 30;

    @TempDir
    Path dir;

    static Stream<String> options() {
        return Stream.of(
                "cluster_size=512,refcount_bits=64",
                "cluster_size=4k",
                "cluster_size=64k,refcount_bits=2",
                "cluster_size=16k,extended_l2=on",
                "compat=0.10,cluster_size=1k",
                "cluster_size=4k,encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
                "cluster_size=4k,compressing",
                "cluster_size=4k,bitmap");
    }

    /** An image that random operations change, with what each of its snapshots must hold. */
    private static final class Script {
        private final TestImage image;
        private final Random random;
        private final NativeBuffer buffer = NativeBuffer.allocate(DISK);
        private final boolean compressing;
        private final Map<String, byte[]> snapshots = new HashMap<>();
        private byte[] contents;
        private int taken;

        Script(TestImage image, byte[] contents, String options, long seed) {
            this.image = image;
            this.contents = contents.clone();
            this.random = new Random(seed);
            this.compressing = options.endsWith("compressing");
        }

        void write() {
            int length = 512 * (1 + random.nextInt(60));
            int offset = 512 * random.nextInt((DISK - length) / 512);
            int kind = random.nextInt(6);
            if (kind == 0) {
                int result = image.node.writeZeroes(offset, length, RequestFlags.MAY_UNMAP);
                assertThat(result).isEqualTo(isEjected() ? -Errno.ENOMEDIUM : 0);
                if (result == 0) {
                    Arrays.fill(contents, offset, offset + length, (byte) 0);
                }
                return;
            }
            int flags = 0;
            byte[] data = new byte[length];
            random.nextBytes(data);
            if (compressing && kind < 4) {
                int cluster = (int) image.node.driverInfo().clusterSize();
                offset = offset / cluster * cluster;
                data = DiskModel.compressible(random, cluster);
                flags = RequestFlags.WRITE_COMPRESSED;
            }
            buffer.put(0, data, 0, data.length);
            int result = image.node.write(offset, buffer, 0, data.length, flags);
            if (isEjected()) {
                assertThat(result).isEqualTo(-Errno.ENOMEDIUM);
            } else {
                assertThat(result).isIn(0, flags == 0 ? 0 : -Errno.EIO);
            }
            if (result == 0) {
                System.arraycopy(data, 0, contents, offset, data.length);
            }
        }

        int take() {
            String name = "s" + taken++;
            snapshots.put(name, contents.clone());
            return image.node.snapshotStore().create(name, 1_000_000L * taken + 7);
        }

        int delete() {
            List<SnapshotInfo> present = image.node.snapshotStore().list();
            if (present.isEmpty()) {
                return 0;
            }
            SnapshotInfo chosen = present.get(random.nextInt(present.size()));
            return image.node.snapshotStore().delete(chosen.id(), chosen.name());
        }

        /** The whole disk, unless the image is out of use. */
        void overwrite() {
            byte[] data = new byte[DISK];
            random.nextBytes(data);
            buffer.put(0, data, 0, DISK);
            int result = image.node.write(0, buffer, 0, DISK, 0);
            assertThat(result).isEqualTo(isEjected() ? -Errno.ENOMEDIUM : 0);
            if (result == 0) {
                contents = data;
            }
        }

        boolean isEjected() {
            return !image.corruptions.isEmpty();
        }

        List<String> listed() {
            return image.node.snapshotStore().list().stream()
                    .map(SnapshotInfo::name)
                    .toList();
        }

        void step() {
            int kind = random.nextInt(8);
            if (kind == 0) {
                assertThat(take()).isIn(0, -Errno.EINVAL);
            } else if (kind == 1) {
                assertThat(delete()).isZero();
            } else if (kind == 2) {
                assertThat(image.node.flush()).isZero();
            } else {
                write();
            }
        }
    }

    private Path create(String options) {
        Path image = dir.resolve("image");
        QemuTools.create(image, options.replaceAll(",(compressing|bitmap)", ""), Integer.toString(DISK));
        QemuTools.io(image, "write -P 17 0 300k");
        if (options.endsWith("bitmap")) {
            QemuTools.ok("qemu-img", "bitmap", "--add", image.toString(), "b");
        }
        return image;
    }

    private byte[] snapshot(Path image, String name) throws IOException {
        Path raw = dir.resolve("snapshot");
        List<String> args = new ArrayList<>(List.of("convert", "-l", name, "-O", "raw"));
        args.addAll(List.of(QemuTools.onImage(image)));
        args.add(raw.toString());
        QemuTools.ok("qemu-img", args.toArray(new String[0]));
        return Files.readAllBytes(raw);
    }

    private void verify(Path image, Script script, List<String> names) throws IOException {
        assertThat(QemuTools.contents(image, dir.resolve("raw"))).isEqualTo(script.contents);
        verifySnapshots(image, script, names);
    }

    private void verifySnapshots(Path image, Script script, List<String> names) throws IOException {
        for (String name : names) {
            assertThat(snapshot(image, name)).as(name).isEqualTo(script.snapshots.get(name));
        }
    }

    private static int realCheck(Path image) {
        RealTools.Result check = QemuTools.run("qemu-img", QemuTools.onImage(image, "check"));
        assertThat(check.exitCode()).as(check.output()).isIn(0, 3);
        return check.exitCode();
    }

    @ParameterizedTest
    @MethodSource("options")
    void eachHoldsWhatTheDiskHeld(String options) throws Exception {
        Path path = create(options);
        byte[] contents = QemuTools.contents(path, dir.resolve("raw"));
        for (int round = 0; round < 3; round++) {
            Script script;
            List<String> names;
            try (TestImage image = TestImage.open(path, false)) {
                script = new Script(image, contents, options, options.hashCode() + round);
                for (int step = 0; step < STEPS; step++) {
                    script.step();
                }
                assertThat(script.take()).isIn(0, -Errno.EINVAL);
                script.write();
                names = script.listed();
                assertThat(image.corruptions).isEmpty();
                assertThat(image.contents()).isEqualTo(script.contents);
            }
            assertThat(realCheck(path)).isZero();
            verify(path, script, names);
            contents = script.contents;
            for (String name : names) {
                QemuTools.ok("qemu-img", QemuTools.onImage(path, "snapshot", "-d", name));
            }
            assertThat(realCheck(path)).isZero();
        }
    }

    @Test
    void theRealToolAppliesWhatWeTook() throws Exception {
        Path path = create("cluster_size=4k");
        byte[] before = QemuTools.contents(path, dir.resolve("raw"));
        try (TestImage image = TestImage.open(path, false)) {
            Script script = new Script(image, before, "", 1);
            assertThat(script.take()).isZero();
            for (int i = 0; i < 10; i++) {
                script.write();
            }
        }
        QemuTools.ok("qemu-img", "snapshot", "-a", "s0", path.toString());
        assertThat(realCheck(path)).isZero();
        assertThat(QemuTools.contents(path, dir.resolve("raw"))).isEqualTo(before);
        try (TestImage image = TestImage.open(path, false)) {
            assertThat(image.node.snapshotStore().delete("1", "s0")).isZero();
        }
        assertThat(realCheck(path)).isZero();
        assertThat(QemuTools.contents(path, dir.resolve("raw"))).isEqualTo(before);
    }

    @Test
    void aSnapshotThatCannotBeCountedChangesNothing() throws Exception {
        Path path = create("cluster_size=4k,refcount_bits=1");
        byte[] before = Files.readAllBytes(path);
        try (TestImage image = TestImage.open(path, false)) {
            assertThat(image.node.snapshotStore().create("s", 1)).isEqualTo(-Errno.EINVAL);
            assertThat(image.node.snapshotStore().list()).isEmpty();
        }
        byte[] after = Files.readAllBytes(path);
        assertThat(Arrays.copyOf(after, before.length)).isEqualTo(before);
        assertThat(realCheck(path)).isZero();
    }

    /** Cut anywhere, the image is sound, and what was there before an operation or after it is all there. */
    @ParameterizedTest
    @MethodSource("options")
    void powerCuts(String options) throws Exception {
        Path path = create(options);
        byte[] contents = QemuTools.contents(path, dir.resolve("raw"));
        RecordingNode file = new RecordingNode(Files.readAllBytes(path));
        TestImage image = new TestImage(file, null, null, Qcow2Options.defaults(false));
        Script script = new Script(image, contents, options, options.hashCode());
        Random random = new Random(options.hashCode());
        Path cut = dir.resolve("cut");
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < 4; i++) {
                script.write();
            }
            assertThat(image.node.flush()).isZero();
            List<String> before = script.listed();
            int start = file.events();
            assertThat(round == 2 ? script.delete() : script.take()).isIn(0, -Errno.EINVAL);
            List<String> after = script.listed();
            for (int n = 0; n < (LONG ? 100 : 6); n++) {
                int events = start + random.nextInt(file.events() - start + 1);
                Files.write(cut, n % 2 == 0 ? file.prefix(events) : file.cut(events, random));
                realCheck(cut);
                List<String> now = namesIn(cut);
                assertThat(now).isIn(before, after);
                verify(cut, script, now);
            }
        }
    }

    private static List<String> namesIn(Path path) {
        try (TestFileNode file = new TestFileNode(path, true)) {
            TestImage image = TestImage.forRepair(file, true);
            return image.node.snapshotStore().list().stream()
                    .map(SnapshotInfo::name)
                    .toList();
        }
    }

    static Stream<Arguments> failures() {
        return Stream.of("cluster_size=512,refcount_bits=64", "cluster_size=16k,extended_l2=on", "cluster_size=4k")
                .flatMap(options -> Stream.of(
                        Arguments.of(options, Errno.EIO, 1),
                        Arguments.of(options, Errno.ENOSPC, 1),
                        Arguments.of(options, Errno.ENOSPC, 9)));
    }

    static Stream<Arguments> commandFailures() {
        return Stream.of("cluster_size=512,refcount_bits=64", "cluster_size=16k,extended_l2=on", "cluster_size=4k")
                .flatMap(options -> Stream.of(1, 3, 1000)
                        .flatMap(failures -> Stream.of(
                                Arguments.of(options, failures, true), Arguments.of(options, failures, false))));
    }

    /** A command that has failed did not happen: not even if the program is killed after the guest's next writes. */
    @ParameterizedTest
    @MethodSource("commandFailures")
    void afterAFailedCommandTheGuestWritesOn(String options, int failures, boolean deletes) throws Exception {
        Path path = create(options);
        byte[] contents = QemuTools.contents(path, dir.resolve("raw"));
        byte[] initial = Files.readAllBytes(path);
        int refused = 0;
        int ejected = 0;
        long operations = 0;
        for (int failAt = 0; failAt <= operations; failAt++) {
            RecordingNode file = new RecordingNode(initial);
            TestImage image = new TestImage(file, null, null, Qcow2Options.defaults(false));
            Script script = new Script(image, contents, options, 3);
            assertThat(script.take()).isZero();
            assertThat(image.node.flush()).isZero();
            List<String> before = script.listed();
            long first = file.operations();
            file.failAt(first + failAt, failures, Errno.EIO);
            int result = deletes ? script.delete() : script.take();
            operations = file.operations() - first;
            file.failAt(Long.MAX_VALUE, 0, Errno.EIO);
            assertThat(result).isIn(0, -Errno.EIO);
            refused += result < 0 ? 1 : 0;
            ejected += script.isEjected() ? 1 : 0;
            script.overwrite();
            Path after = dir.resolve("after");
            Files.write(after, file.contents());
            realCheck(after);
            List<String> names = namesIn(after);
            verifySnapshots(after, script, names);
            if (!script.isEjected()) {
                assertThat(names).isEqualTo(script.listed());
                assertThat(names.equals(before)).isEqualTo(result < 0);
                assertThat(image.node.flush()).isZero();
            }
            image.node.doClose();
            Files.write(after, file.contents());
            realCheck(after);
            assertThat(namesIn(after)).isEqualTo(names);
            verify(after, script, names);
        }
        assertThat(refused).isPositive();
        assertThat(ejected > 0).isEqualTo(failures > 1);
    }

    /** Its L1 table has no entries. */
    @Test
    void snapshotsOfAnImageWithoutADisk() throws Exception {
        Path path = dir.resolve("image");
        QemuTools.create(path, "cluster_size=4k", "0");
        try (TestImage image = TestImage.open(path, false)) {
            assertThat(image.node.snapshotStore().create("a", 1)).isZero();
            assertThat(image.node.snapshotStore().create("b", 2)).isZero();
            assertThat(image.node.snapshotStore().delete("1", "a")).isZero();
        }
        assertThat(realCheck(path)).isZero();
        assertThat(namesIn(path)).containsExactly("b");
        QemuTools.ok("qemu-img", "snapshot", "-a", "b", path.toString());
        QemuTools.ok("qemu-img", "resize", path.toString(), "1M");
        try (TestImage image = TestImage.open(path, false)) {
            assertThat(image.node.snapshotStore().delete("2", "b")).isZero();
        }
        assertThat(realCheck(path)).isZero();
    }

    @ParameterizedTest
    @MethodSource("failures")
    void everyFailingOperationIsSurvived(String options, int errno, int failures) throws Exception {
        Path path = create(options);
        byte[] contents = QemuTools.contents(path, dir.resolve("raw"));
        byte[] initial = Files.readAllBytes(path);
        int refused = 0;
        for (int failAt = 0; ; failAt += LONG ? 1 : 3) {
            RecordingNode file = new RecordingNode(initial);
            TestImage image = new TestImage(file, null, null, Qcow2Options.defaults(false));
            Script script = new Script(image, contents, options, 3);
            for (int i = 0; i < 3; i++) {
                assertThat(script.take()).isZero();
                script.write();
            }
            long first = file.operations();
            file.failAt(first + failAt, failures, errno);
            int deleted = script.delete();
            int taken = script.take();
            long last = file.operations();
            file.failAt(Long.MAX_VALUE, 0, errno);
            assertThat(deleted).isIn(0, -errno);
            assertThat(taken).isIn(0, script.isEjected() ? -Errno.ENOMEDIUM : 0, -errno);
            refused += deleted < 0 || taken < 0 ? 1 : 0;
            script.write();
            List<String> names = script.listed();
            image.node.doClose();
            Path after = dir.resolve("after");
            Files.write(after, file.contents());
            realCheck(after);
            verify(after, script, script.isEjected() ? namesIn(after) : names);
            if (failAt > last - first) {
                break;
            }
        }
        assertThat(refused).isPositive();
    }
}

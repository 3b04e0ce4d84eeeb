package org.qsd4j.export.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.Requirements;
import org.qsd4j.aio.IoThread;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.export.BlockExportSetup;
import org.qsd4j.qapi.gen.BlockExportRemoveMode;
import org.qsd4j.sys.FileSystems;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** Where exports can be mounted, and how mounts end. */
class FuseMountTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path dir;

    private FuseFixture fixture;

    @BeforeEach
    void setUp() {
        Requirements.fuse();
        fixture = new FuseFixture(dir);
        fixture.node("node", MIB);
    }

    @AfterEach
    void tearDown() {
        fixture.close();
        assertThat(fixture.errors).isEmpty();
    }

    private void add(String id, Path mountpoint, String more) throws Exception {
        fixture.exports.add(FuseFixture.options(id, "node", mountpoint, more));
    }

    private static String mountOptions(Path mountpoint) throws Exception {
        return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                .filter(line -> line.contains(" " + mountpoint + " "))
                .map(line -> line.substring(line.indexOf(mountpoint.toString())))
                .findFirst()
                .orElse("not mounted")
                .replace(mountpoint.toString(), "M");
    }

    @Test
    void mountOptionsAreThoseOfQemu() throws Exception {
        Path file = Files.createFile(dir.resolve("m"));
        add("e", file, "'writable': true");
        assertThat(mountOptions(file))
                .isEqualTo("M rw,nosuid,nodev,noatime - fuse /dev/fuse rw,user_id=0,group_id=0,default_permissions,"
                        + "allow_other,max_read=1048576");
        fixture.exports.remove("e", null);
        add("e", file, "'allow-other': 'off'");
        assertThat(mountOptions(file))
                .isEqualTo("M ro,nosuid,nodev,noatime - fuse /dev/fuse ro,user_id=0,group_id=0,default_permissions,"
                        + "max_read=1048576");
    }

    @Test
    void aMountpointMustExist() {
        Path absent = dir.resolve("absent");
        assertThatThrownBy(() -> add("e", absent, ""))
                .hasMessage("Failed to stat '%s': No such file or directory", absent);
        assertThat(fixture.exports.query()).isEmpty();
    }

    @Test
    void aMountpointMustBeARegularFile() {
        assertThatThrownBy(() -> add("e", dir, "")).hasMessage("'%s' is not a regular file", dir);
    }

    @Test
    void aMountpointTakesOneExportHoweverItIsSpelled() throws Exception {
        Path file = Files.createFile(dir.resolve("m"));
        Path link = Files.createSymbolicLink(dir.resolve("link"), file);
        Path dotted = Path.of(dir + "/./m");
        add("e", file, "");
        for (Path spelling : new Path[] {file, link, dotted}) {
            assertThatThrownBy(() -> add("e2", spelling, ""))
                    .hasMessage("There already is a FUSE export on '%s'", spelling);
        }
        fixture.exports.remove("e", null);
        add("e2", link, "");
    }

    @Test
    void aFailedMountpointCanBeUsedLater() throws Exception {
        Path file = dir.resolve("m");
        assertThatThrownBy(() -> add("e", file, "")).hasMessageContaining("Failed to stat");
        Files.createFile(file);
        add("e", file, "");
    }

    /** The second queue is one too many. */
    @Test
    void outOfMemoryLeavesNoMount() throws Exception {
        Path file = Files.createFile(dir.resolve("m"));
        List<IoThread> threads = new AbstractList<>() {
            @Override
            public IoThread get(int index) {
                if (index == 1) {
                    throw new OutOfMemoryError("wanted");
                }
                return new IoThread("io" + index);
            }

            @Override
            public int size() {
                return 2;
            }
        };
        BlockBackend blk = fixture.nodes.reader(fixture.nodes.graph.lookup(null, "node"));
        BlockExportSetup setup = new BlockExportSetup(fixture.exports, "e", "node", blk, threads, true, false);
        long descriptors = descriptors();
        assertThatThrownBy(() -> new FuseExportDriver(fixture.errors::add)
                        .create(setup, FuseFixture.options("e", "node", file, "")))
                .isInstanceOf(OutOfMemoryError.class);
        try {
            assertThat(mountOptions(file)).isEqualTo("not mounted");
            assertThat(descriptors()).isEqualTo(descriptors);
        } finally {
            // A mount that nobody serves would hold up whoever looks at it.
            FileSystems.umount(file.toString(), FileSystems.MNT_DETACH);
            blk.close();
        }
    }

    @Test
    void whatAKilledDaemonLeftIsNamed() throws Exception {
        Path file = Files.createFile(dir.resolve("m"));
        int fd = Libc.open("/dev/fuse", Libc.O_RDWR, 0);
        String options = "fd=" + fd + ",rootmode=100000,user_id=0,group_id=0";
        assertThat(FileSystems.mount("left", file.toString(), "fuse", 0, options))
                .isZero();
        Libc.close(fd);
        try {
            assertThatThrownBy(() -> add("e", file, ""))
                    .hasMessage(
                            "Failed to stat '%s': Transport endpoint is not connected (a daemon that was killed has"
                                    + " left its mount there; remove it with 'fusermount3 -u' or 'umount')",
                            file);
        } finally {
            FileSystems.umount(file.toString(), 0);
        }
    }

    @Test
    void unmountingOurselvesLeavesOthersMountsAlone() throws Exception {
        Path file = Files.createFile(dir.resolve("m"));
        add("e", file, "");
        assertThat(FileSystems.umount(file.toString(), FileSystems.MNT_DETACH)).isZero();
        assertThat(FileSystems.mount(dir.resolve("m").toString(), file.toString(), "", 4096, ""))
                .isZero();
        try {
            fixture.exports.remove("e", null);
            assertThat(mountOptions(file)).doesNotContain("fuse").isNotEqualTo("not mounted");
        } finally {
            FileSystems.umount(file.toString(), 0);
        }
    }

    @Test
    void anIothreadListIsAQueueEach() throws Exception {
        fixture.ioThreads.put("io0", new IoThread("io0"));
        fixture.ioThreads.put("io1", new IoThread("io1"));
        Path file = Files.createFile(dir.resolve("m"));
        add("e", file, "'iothread': ['io0', 'io1', 'io0']");
        assertThat(Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().startsWith("fuse e ")))
                .hasSize(3);
        assertThat(Files.size(file)).isEqualTo(MIB);
    }

    @Test
    void addingAndDeletingLeavesNothingBehind() throws Exception {
        Path file = Files.createFile(dir.resolve("m"));
        add("e", file, "");
        fixture.exports.remove("e", null);
        long descriptors = descriptors();
        for (int i = 0; i < 50; i++) {
            add("e", file, "'writable': true");
            assertThat(Files.size(file)).isEqualTo(MIB);
            fixture.exports.remove("e", null);
        }
        assertThat(descriptors()).isEqualTo(descriptors);
        assertThat(fixture.events).hasSize(51);
    }

    private static long descriptors() throws Exception {
        try (var entries = Files.list(Path.of("/proc/self/fd"))) {
            return entries.count();
        }
    }

    @Test
    void exportsCanBeDeletedUnderLoad() throws Exception {
        Path file = Files.createFile(dir.resolve("m"));
        for (int i = 0; i < 10; i++) {
            add("e", file, "'writable': true");
            Thread client = new Thread(() -> readUntilItFails(file));
            client.start();
            TimeUnit.MILLISECONDS.sleep(5);
            fixture.exports.remove("e", BlockExportRemoveMode.HARD);
            client.join(10_000);
            assertThat(client.isAlive()).isFalse();
        }
        assertThat(fixture.events).hasSize(10);
    }

    private static void readUntilItFails(Path file) {
        NativeBuffer buffer = NativeBuffer.allocate(4096);
        int fd = Libc.open(file.toString(), Libc.O_RDONLY, 0);
        while (fd >= 0 && Libc.pread(fd, buffer.address(), 4096, 0) == 4096) {}
        Libc.close(fd);
    }
}

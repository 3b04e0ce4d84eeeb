package org.qsd4j.export.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.Requirements;
import org.qsd4j.block.MemoryNode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.FileSystems;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** What programs see of an exported file; every expectation is what QEMU 11.1 does with the same node. */
class FuseExportTest {
    private static final int MIB = 1 << 20;
    private static final int O_APPEND = 0x400;

    @TempDir
    Path dir;

    FuseFixture fixture;
    private final NativeBuffer buffer = NativeBuffer.allocate(4 * MIB);

    @BeforeEach
    void setUp() {
        Requirements.fuse();
        fixture = new FuseFixture(dir);
        chooseTransport(fixture);
    }

    void chooseTransport(FuseFixture chosen) {}

    List<Integer> errorsAfterTheEnd() {
        return List.of(-Errno.ENOTCONN);
    }

    @AfterEach
    void tearDown() {
        fixture.close();
        assertThat(fixture.errors).isEmpty();
    }

    private int open(Path file, int flags) {
        int fd = Libc.open(file.toString(), flags | Libc.O_CLOEXEC, 0);
        assertThat(fd).as("open").isNotNegative();
        return fd;
    }

    private static int unixMode(Path file) throws IOException {
        return (int) Files.getAttribute(file, "unix:mode");
    }

    @Test
    void readsReturnWhatWritesPutThere() throws Exception {
        int fd = open(fixture.export(fixture.node("node", 8 * MIB), "'writable': true"), Libc.O_RDWR);
        try {
            byte[] data = new byte[3 * MIB + 777];
            for (int i = 0; i < data.length; i++) {
                data[i] = (byte) (i * 31 + (i >> 12));
            }
            buffer.put(0, data, 0, data.length);
            assertThat(Libc.pwrite(fd, buffer.address(), data.length, 12345)).isEqualTo(data.length);
            buffer.zero(0, data.length);
            assertThat(Libc.pread(fd, buffer.address(), data.length, 12345)).isEqualTo(data.length);
            byte[] back = new byte[data.length];
            buffer.get(0, back, 0, back.length);
            assertThat(Arrays.equals(back, data)).isTrue();
        } finally {
            Libc.close(fd);
        }
    }

    @Test
    void readsAndWritesStopAtTheEndOfAFileThatDoesNotGrow() throws Exception {
        int fd = open(fixture.export(fixture.node("node", MIB), "'writable': true"), Libc.O_RDWR);
        try {
            assertThat(Libc.pread(fd, buffer.address(), 100, MIB - 10)).isEqualTo(10);
            assertThat(Libc.pread(fd, buffer.address(), 100, MIB)).isZero();
            assertThat(Libc.pread(fd, buffer.address(), 100, 10 * MIB)).isZero();
            assertThat(Libc.pwrite(fd, buffer.address(), 100, MIB - 10)).isEqualTo(10);
            assertThat(Libc.pwrite(fd, buffer.address(), 100, MIB)).isZero();
            assertThat(Libc.pwrite(fd, buffer.address(), 100, 10 * MIB)).isZero();
            assertThat(Libc.lseek(fd, 0, Libc.SEEK_END)).isEqualTo(MIB);
        } finally {
            Libc.close(fd);
        }
    }

    @Test
    void writesGrowAGrowableFile() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "'writable': true, 'growable': true");
        int fd = open(file, Libc.O_RDWR);
        try {
            assertThat(Libc.pwrite(fd, buffer.address(), 512, 2 * MIB)).isEqualTo(512);
            assertThat(Files.size(file)).isEqualTo(2 * MIB + 512);
            assertThat(Libc.pwrite(fd, buffer.address(), 512, 9L * MIB)).isEqualTo(-Errno.EFBIG);
            int appending = open(file, Libc.O_WRONLY | O_APPEND);
            assertThat(Libc.write(appending, buffer.address(), 512)).isEqualTo(512);
            Libc.close(appending);
            assertThat(Files.size(file)).isEqualTo(2 * MIB + 1024);
        } finally {
            Libc.close(fd);
        }
    }

    @Test
    void openWithTruncEmptiesOnlyAGrowableFile() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "'writable': true");
        Libc.close(open(file, Libc.O_RDWR | Libc.O_TRUNC));
        assertThat(Files.size(file)).isEqualTo(MIB);
    }

    @Test
    void openWithTruncEmptiesAGrowableFile() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "'writable': true, 'growable': true");
        Libc.close(open(file, Libc.O_RDWR | Libc.O_TRUNC));
        assertThat(Files.size(file)).isZero();
    }

    @Test
    void sizesAreShownInWholeSectors() throws Exception {
        Path file = fixture.export(fixture.node("node", 1000), "'writable': true");
        assertThat(Files.size(file)).isEqualTo(1024);
        int fd = open(file, Libc.O_RDWR);
        try {
            assertThat(Libc.pread(fd, buffer.address(), 100, 990)).isEqualTo(34);
            assertThat(Libc.pwrite(fd, buffer.address(), 100, 990)).isEqualTo(34);
        } finally {
            Libc.close(fd);
        }
    }

    @Test
    void truncateWorksOnAnyWritableFile() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "'writable': true");
        int fd = open(file, Libc.O_RDWR);
        try {
            assertThat(Libc.ftruncate(fd, 2 * MIB)).isZero();
            assertThat(Files.size(file)).isEqualTo(2 * MIB);
            assertThat(Libc.ftruncate(fd, 4096)).isZero();
            assertThat(Files.size(file)).isEqualTo(4096);
            assertThat(Libc.ftruncate(fd, 9L * MIB)).isEqualTo(-Errno.EFBIG);
            assertThat(Libc.ftruncate(fd, 1L << 62)).isEqualTo(-Errno.EFBIG);
            assertThat(Files.size(file)).isEqualTo(4096);
        } finally {
            Libc.close(fd);
        }
    }

    @Test
    void aReadOnlyExportIsMountedReadOnly() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "");
        assertThat(unixMode(file)).isEqualTo(0100400);
        assertThat(Libc.open(file.toString(), Libc.O_RDWR, 0)).isEqualTo(-Errno.EROFS);
        assertThatThrownBy(() -> Files.setAttribute(file, "unix:mode", 0400))
                .isInstanceOf(FileSystemException.class)
                .hasMessageEndingWith("Read-only file system");
        int fd = open(file, Libc.O_RDONLY);
        assertThat(Libc.pread(fd, buffer.address(), 4096, 0)).isEqualTo(4096);
        Libc.close(fd);
    }

    @Test
    void chmodAndChownAreKept() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "'writable': true");
        assertThat(unixMode(file)).isEqualTo(0100600);
        Files.setAttribute(file, "unix:mode", 07777);
        assertThat(unixMode(file)).isEqualTo(0107777);
        Files.setAttribute(file, "unix:mode", 0640);
        Files.setAttribute(file, "unix:uid", 1);
        Files.setAttribute(file, "unix:gid", 2);
        assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(1);
        assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(2);
        assertThat(unixMode(file)).isEqualTo(0100640);
    }

    @Test
    void withoutAllowOtherNobodyElseCanBeGrantedAnything() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "'writable': true, 'allow-other': 'off'");
        assertThatThrownBy(() -> Files.setAttribute(file, "unix:mode", 0644))
                .hasMessageEndingWith("Operation not permitted");
        assertThatThrownBy(() -> Files.setAttribute(file, "unix:uid", 1)).hasMessageEndingWith("not supported");
        Files.setAttribute(file, "unix:mode", 0400);
        assertThat(unixMode(file)).isEqualTo(0100400);
    }

    @Test
    void timesCannotBeSet() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "'writable': true");
        assertThatThrownBy(() -> Files.setLastModifiedTime(file, java.nio.file.attribute.FileTime.fromMillis(0)))
                .hasMessageEndingWith("Operation not supported");
    }

    @Test
    void fallocateDoesWhatTheNodeCan() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "'writable': true");
        int fd = open(file, Libc.O_RDWR);
        int keep = Libc.FALLOC_FL_KEEP_SIZE;
        int punch = Libc.FALLOC_FL_PUNCH_HOLE | keep;
        int zero = Libc.FALLOC_FL_ZERO_RANGE;
        try {
            buffer.putLong(0, -1);
            assertThat(Libc.pwrite(fd, buffer.address(), 8, 8192)).isEqualTo(8);
            assertThat(Libc.fallocate(fd, 0, 0, 4096)).isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(Libc.fallocate(fd, keep, 0, 4096)).isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(Libc.fallocate(fd, keep, MIB, 4096)).isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(Libc.fallocate(fd, Libc.FALLOC_FL_COLLAPSE_RANGE, 0, 4096))
                    .isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(Libc.fallocate(fd, punch, 8192, 4096)).isZero();
            assertThat(Libc.pread(fd, buffer.address(), 8, 8192)).isEqualTo(8);
            assertThat(buffer.getLong(0)).isZero();
            assertThat(Libc.fallocate(fd, punch, MIB, 4096)).isZero();
            assertThat(Libc.fallocate(fd, punch, MIB + 4096, 4096)).isEqualTo(-Errno.EIO);
            assertThat(Libc.fallocate(fd, punch, 0, 1L << 62)).isZero();
            assertThat(Libc.fallocate(fd, zero | keep, MIB - 512, 4096)).isZero();
            assertThat(Files.size(file)).isEqualTo(MIB);
            assertThat(Libc.fallocate(fd, zero, MIB - 512, 4096)).isZero();
            assertThat(Files.size(file)).isEqualTo(MIB + 3584);
            assertThat(Libc.fallocate(fd, 0, MIB + 3584, 4096)).isZero();
            assertThat(Files.size(file)).isEqualTo(MIB + 7680);
            assertThat(Libc.fallocate(fd, 0, 2 * MIB, 4096)).isZero();
            assertThat(Files.size(file)).isEqualTo(2 * MIB + 4096);
            assertThat(Libc.fallocate(fd, 0, 2 * MIB + 4096, 1L << 61)).isEqualTo(-Errno.EFBIG);
        } finally {
            Libc.close(fd);
        }
    }

    @Test
    void seekFindsDataAndHoles() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "'writable': true");
        int fd = open(file, Libc.O_RDWR);
        try {
            assertThat(Libc.lseek(fd, 0, Libc.SEEK_DATA)).isEqualTo(-Errno.ENXIO);
            assertThat(Libc.lseek(fd, 0, Libc.SEEK_HOLE)).isZero();
            assertThat(Libc.pwrite(fd, buffer.address(), 4096, 8192)).isEqualTo(4096);
            assertThat(Libc.lseek(fd, 0, Libc.SEEK_DATA)).isEqualTo(8192);
            assertThat(Libc.lseek(fd, 8192, Libc.SEEK_HOLE)).isEqualTo(12288);
            assertThat(Libc.lseek(fd, 12288, Libc.SEEK_DATA)).isEqualTo(-Errno.ENXIO);
            assertThat(Libc.pwrite(fd, buffer.address(), 4096, MIB - 4096)).isEqualTo(4096);
            assertThat(Libc.lseek(fd, MIB - 100, Libc.SEEK_HOLE)).isEqualTo(MIB);
            assertThat(Libc.lseek(fd, MIB, Libc.SEEK_HOLE)).isEqualTo(MIB);
            assertThat(Libc.lseek(fd, MIB, Libc.SEEK_DATA)).isEqualTo(-Errno.ENXIO);
            assertThat(Libc.lseek(fd, MIB + 1, Libc.SEEK_HOLE)).isEqualTo(-Errno.ENXIO);
        } finally {
            Libc.close(fd);
        }
    }

    @Test
    void fsyncAndCloseFlushTheNode() throws Exception {
        MemoryNode node = fixture.node("node", MIB);
        int fd = open(fixture.export(node, "'writable': true"), Libc.O_RDWR);
        assertThat(Libc.pwrite(fd, buffer.address(), 512, 0)).isEqualTo(512);
        assertThat(Libc.fdatasync(fd)).isZero();
        assertThat(node.flushes).hasValue(1);
        assertThat(Libc.pwrite(fd, buffer.address(), 512, 0)).isEqualTo(512);
        Libc.close(fd);
        assertThat(node.flushes).hasValue(2);
    }

    @Test
    void theNodesErrorsReachTheProgram() throws Exception {
        MemoryNode node = fixture.node("node", MIB);
        int fd = open(fixture.export(node, "'writable': true"), Libc.O_RDWR);
        try {
            for (int errno : new int[] {Errno.EIO, Errno.ENOSPC, Errno.ENOMEDIUM}) {
                assertThat(Libc.pwrite(fd, buffer.address(), 4096, 0)).isEqualTo(4096);
                node.error = -errno;
                assertThat(Libc.pread(fd, buffer.address(), 4096, 0)).isEqualTo(-errno);
                assertThat(Libc.pwrite(fd, buffer.address(), 4096, 0)).isEqualTo(-errno);
                assertThat(Libc.fdatasync(fd)).isEqualTo(-errno);
                assertThat(Libc.fallocate(fd, Libc.FALLOC_FL_ZERO_RANGE, 0, 4096))
                        .isEqualTo(-errno);
                assertThat(Libc.ftruncate(fd, 4096)).isEqualTo(-errno);
                assertThat(Libc.lseek(fd, 0, Libc.SEEK_DATA)).isEqualTo(-errno);
                node.error = 0;
            }
        } finally {
            node.error = 0;
            Libc.close(fd);
        }
    }

    @Test
    void theImageItselfCanBeTheMountpoint() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "");
        assertThat(Files.size(file)).isEqualTo(MIB);
        fixture.exports.remove("e", null);
        assertThat(Files.size(file)).isZero();
    }

    @Test
    void anExportEndsWithItsEventEvenWhileTheFileIsOpen() throws Exception {
        int fd = open(fixture.export(fixture.node("node", MIB), ""), Libc.O_RDONLY);
        fixture.exports.remove("e", null);
        assertThat(fixture.events).containsExactly("BLOCK_EXPORT_DELETED {\"id\":\"e\"}");
        assertThat(fixture.exports.query()).isEmpty();
        assertThat((int) Libc.pread(fd, buffer.address(), 4096, 0)).isIn(errorsAfterTheEnd());
        Libc.close(fd);
    }

    @Test
    void afterAnUnmountByHandTheExportIsStillListed() throws Exception {
        Path file = fixture.export(fixture.node("node", MIB), "");
        assertThat(FileSystems.umount(file.toString(), 0)).isZero();
        assertThat(fixture.exports.query()).hasSize(1);
        fixture.exports.remove("e", null);
        assertThat(fixture.events).hasSize(1);
    }
}

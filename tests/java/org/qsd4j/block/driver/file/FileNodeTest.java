package org.qsd4j.block.driver.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.block.TestGraph;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

class FileNodeTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path dir;

    private final TestGraph test = new TestGraph();
    private final NativeBuffer buffer = NativeBuffer.allocate(MIB);

    @AfterEach
    void close() {
        test.close();
    }

    private BlockNode open(Path image, String more) {
        return test.add("{'driver':'file','node-name':'f','filename':'" + image + "'" + more + "}");
    }

    private Path image(int bytes) throws Exception {
        byte[] contents = new byte[bytes];
        Arrays.fill(contents, (byte) 0x5a);
        return Files.write(dir.resolve("img"), contents);
    }

    private void fails(String options, String message) {
        assertThatThrownBy(() -> test.add(options))
                .isInstanceOf(QapiException.class)
                .hasMessage(message);
        assertThat(test.graph.nodes()).isEmpty();
    }

    @Test
    void openingFailsInTheRealDaemonsWords() throws Exception {
        String name = "'node-name':'f','driver':'file'";
        fails("{" + name + ",'filename':''}", "The 'file' block driver requires a file name");
        Path absent = dir.resolve("absent");
        fails(
                "{" + name + ",'filename':'" + absent + "'}",
                "Could not open '" + absent + "': No such file or directory");
        fails("{" + name + ",'filename':'/'}", "Could not open '/': Is a directory");
        fails("{" + name + ",'filename':'/dev/null'}", "'file' driver requires '/dev/null' to be a regular file");
        fails(
                "{" + name + ",'filename':'" + image(512) + "','aio':'native'}",
                "aio=native was specified, but it requires cache.direct=on, which was not specified.");
        fails(
                "{" + name + ",'filename':'/proc/self/status','read-only':true,'cache':{'direct':true}}",
                "Could not open '/proc/self/status': filesystem does not support O_DIRECT");
        fails(
                "{" + name + ",'filename':'/proc/self/status','read-only':true}",
                "Could not refresh total sector count: Invalid argument");
        fails("{" + name + ",'filename':'/dev/fdset/1'}", "Could not open '/dev/fdset/1': Function not implemented");
        fails("{" + name + ",'filename':'/dev/fdset/-1'}", "Could not parse fdset /dev/fdset/-1");
        fails("{" + name + ",'filename':'x','pr-manager':'p'}", "No persistent reservation manager with id 'p'");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void oddEndOfFileReadsAsZeroesAndIsWritable(boolean direct) throws Exception {
        Path image = image(1000);
        BlockNode node = open(image, direct ? ",'cache':{'direct':true}" : "");
        assertThat(node.length()).isEqualTo(1000);
        BlockBackend backend = test.writer(node);
        assertThat(backend.length()).isEqualTo(1024);
        assertThat(backend.read(512, buffer, 0, 512)).isZero();
        assertThat(buffer.getByte(487)).isEqualTo((byte) 0x5a);
        assertThat(buffer.isZero(488, 24)).isTrue();
        buffer.putByte(0, (byte) 7);
        assertThat(backend.write(1023, buffer, 0, 1, 0)).isZero();
        byte[] contents = Files.readAllBytes(image);
        assertThat(contents[999]).isEqualTo((byte) 0x5a);
        assertThat(contents[1023]).isEqualTo((byte) 7);
    }

    @Test
    void unalignedDirectRequestsAreExact() throws Exception {
        Path image = image(65536);
        BlockBackend backend = test.writer(open(image, ",'cache':{'direct':true}"));
        buffer.putInt(13, 0x01020304);
        assertThat(backend.write(4094, buffer, 13, 4, 0)).isZero();
        byte[] contents = Files.readAllBytes(image);
        assertThat(contents).hasSize(65536);
        assertThat(contents[4093]).isEqualTo((byte) 0x5a);
        assertThat(contents[4094]).isEqualTo((byte) 4);
        assertThat(contents[4097]).isEqualTo((byte) 1);
        assertThat(contents[4098]).isEqualTo((byte) 0x5a);
        assertThat(backend.read(4094, buffer, 7, 4)).isZero();
        assertThat(buffer.getInt(7)).isEqualTo(0x01020304);
    }

    @Test
    void blockStatusFollowsHoles() throws Exception {
        Path image = dir.resolve("sparse");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(4L * MIB);
            file.seek(MIB);
            file.write(new byte[MIB]);
        }
        BlockBackend backend = test.reader(open(image, ""));
        BlockStatus status = new BlockStatus();
        assertThat(backend.blockStatus(true, 0, 4L * MIB, status)).isZero();
        assertThat(status.flags).isEqualTo(BlockStatus.ZERO | BlockStatus.OFFSET_VALID | BlockStatus.ALLOCATED);
        assertThat(status.bytes).isEqualTo(MIB);
        assertThat(backend.blockStatus(true, MIB + 512, 4L * MIB, status)).isZero();
        assertThat(status.flags).isEqualTo(BlockStatus.DATA | BlockStatus.OFFSET_VALID | BlockStatus.ALLOCATED);
        assertThat(status.bytes).isEqualTo(MIB - 512);
        assertThat(status.map).isEqualTo(MIB + 512);
        assertThat(backend.blockStatus(true, 2L * MIB, 4L * MIB, status)).isZero();
        assertThat(status.is(BlockStatus.ZERO)).isTrue();
        assertThat(status.is(BlockStatus.EOF)).isTrue();
        assertThat(status.bytes).isEqualTo(2L * MIB);
        assertThat(backend.blockStatus(true, 4L * MIB, 512, status)).isZero();
        assertThat(status.bytes).isZero();
    }

    @Test
    void discardMakesHole() throws Exception {
        Path image = image(MIB);
        BlockNode node = open(image, ",'discard':'unmap'");
        BlockBackend backend = test.writer(node);
        assertThat(backend.flush()).isZero();
        long before = node.allocatedSize();
        assertThat(backend.discard(0, MIB / 2)).isZero();
        assertThat(node.allocatedSize()).isLessThan(before);
        assertThat(Files.size(image)).isEqualTo(MIB);
        assertThat(Files.readAllBytes(image)[0]).isZero();
    }

    @Test
    void zeroesKeepTheirBlocksUnlessUnmapIsAllowed() throws Exception {
        BlockNode node = open(image(MIB), ",'discard':'unmap'");
        BlockBackend backend = test.writer(node);
        assertThat(backend.writeZeroes(0, MIB, 0)).isZero();
        assertThat(node.allocatedSize()).isGreaterThanOrEqualTo(MIB);
        assertThat(backend.writeZeroes(0, MIB, RequestFlags.MAY_UNMAP)).isZero();
        assertThat(node.allocatedSize()).isLessThan(MIB / 2);
        assertThat(backend.read(0, buffer, 0, MIB)).isZero();
        assertThat(buffer.isZero(0, MIB)).isTrue();
    }

    @Test
    void zeroesBehindTheEndGrowTheFile() throws Exception {
        Path image = image(4096);
        BlockBackend backend = test.writer(open(image, ",'discard':'unmap'"));
        backend.setAllowWriteBeyondEof(true);
        assertThat(backend.writeZeroes(2048, 65536, RequestFlags.MAY_UNMAP)).isZero();
        assertThat(Files.size(image)).isEqualTo(2048 + 65536);
        byte[] contents = Files.readAllBytes(image);
        assertThat(contents[2047]).isEqualTo((byte) 0x5a);
        assertThat(contents[2048]).isZero();
    }

    @Test
    void truncatePreallocatesAsAsked() throws Exception {
        Path image = image(4096);
        BlockNode node = open(image, "");
        BlockBackend backend = test.writer(node);
        backend.truncate(2L * MIB, true, PreallocMode.OFF, 0);
        assertThat(node.allocatedSize()).isLessThan(MIB);
        backend.truncate(4L * MIB, true, PreallocMode.FALLOC, 0);
        assertThat(node.allocatedSize()).isBetween(2L * MIB, 3L * MIB);
        backend.truncate(6L * MIB, true, PreallocMode.FULL, 0);
        assertThat(node.allocatedSize()).isGreaterThanOrEqualTo(4L * MIB);
        assertThat(Files.size(image)).isEqualTo(6L * MIB);
        assertThat(node.length()).isEqualTo(6L * MIB);
        assertThatThrownBy(() -> backend.truncate(512, true, PreallocMode.FULL, 0))
                .hasMessage("Cannot use preallocation for shrinking files");
        assertThatThrownBy(() -> backend.truncate(8L * MIB, true, PreallocMode.METADATA, 0))
                .hasMessage("Unsupported preallocation mode: metadata");
        backend.truncate(512, true, PreallocMode.OFF, 0);
        assertThat(node.length()).isEqualTo(512);
    }

    @Test
    void emptyFileThatGrowsGetsFirstBlock() throws Exception {
        BlockNode node = open(image(0), "");
        BlockBackend backend = test.writer(node);
        backend.truncate(100, true, PreallocMode.OFF, 0);
        assertThat(node.length()).isEqualTo(512);
        assertThat(node.allocatedSize()).isPositive();
        backend.truncate(0, true, PreallocMode.OFF, 0);
        backend.truncate(1000, true, PreallocMode.FALLOC, 0);
        assertThat(node.length()).isEqualTo(1000);
    }

    @Test
    void fullDiskIsEnospcAndLeavesTheRestReadable() throws Exception {
        Path mount = Files.createDirectory(dir.resolve("small"));
        int result = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=1m", "none", mount.toString())
                .redirectErrorStream(true)
                .start()
                .waitFor();
        Assumptions.assumeTrue(result == 0, "mounting a small tmpfs needs root");
        try {
            Path image = Files.write(mount.resolve("img"), new byte[4096]);
            BlockNode node = open(image, "");
            BlockBackend backend = test.writer(node);
            backend.truncate(8L * MIB, true, PreallocMode.OFF, 0);
            buffer.putByte(0, (byte) 9);
            assertThat(backend.write(0, buffer, 0, 4096, 0)).isZero();
            assertThat(backend.write(4L * MIB, buffer, 0, MIB, 0)).isEqualTo(-Errno.ENOSPC);
            assertThatThrownBy(() -> backend.truncate(16L * MIB, true, PreallocMode.FALLOC, 0))
                    .hasMessage("Could not preallocate new data: No space left on device");
            assertThat(node.length()).isEqualTo(8L * MIB);
            assertThat(backend.read(0, buffer, 0, 4096)).isZero();
            assertThat(buffer.getByte(0)).isEqualTo((byte) 9);
            test.close();
        } finally {
            Process umount = new ProcessBuilder("umount", mount.toString()).start();
            assertThat(umount.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void autoReadOnlyOpensForWritingWhenSomebodyWrites() throws Exception {
        Path image = image(4096);
        BlockNode node = open(image, ",'auto-read-only':true");
        assertThat(node.isReadOnly()).isFalse();
        BlockBackend backend = test.writer(node);
        assertThat(backend.write(0, buffer, 0, 512, 0)).isZero();
        assertThat(Files.readAllBytes(image)[0]).isZero();
    }

    /** The modes in which this process has the file open, as open(2) numbers them. */
    private static List<Integer> openModes(Path image) throws Exception {
        List<Integer> modes = new ArrayList<>();
        for (File entry : Objects.requireNonNull(new File("/proc/self/fd").listFiles())) {
            Path fd = entry.toPath();
            if (Files.exists(fd) && Files.isSameFile(fd, image)) {
                String flags = Files.readAllLines(Path.of("/proc/self/fdinfo", entry.getName())).stream()
                        .filter(line -> line.startsWith("flags:"))
                        .findFirst()
                        .orElseThrow();
                modes.add(Integer.parseInt(flags.substring(6).strip(), 8) & Libc.O_ACCMODE);
            }
        }
        return modes;
    }

    @Test
    void autoReadOnlyHasTheFileForWritingOnlyWhileSomebodyWrites() throws Exception {
        Path image = image(4096);
        BlockNode node = open(image, ",'auto-read-only':true");
        assertThat(openModes(image)).containsOnly(Libc.O_RDONLY);
        BlockBackend reader = test.reader(node);
        for (int i = 0; i < 3; i++) {
            BlockBackend writer = test.writer(node);
            assertThat(openModes(image)).contains(Libc.O_RDWR);
            assertThat(writer.write(0, buffer, 0, 512, 0)).isZero();
            writer.close();
            assertThat(openModes(image)).containsOnly(Libc.O_RDONLY);
            assertThat(reader.read(0, buffer, 0, 4096)).isZero();
        }
    }

    @Test
    void autoReadOnlyFileCanBeResized() throws Exception {
        Path image = image(4096);
        test.graph.resize(open(image, ",'auto-read-only':true"), 8192);
        assertThat(Files.size(image)).isEqualTo(8192);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",'cache':{'direct':true}", ",'cache':{'no-flush':true}"})
    void durableWritesAreWrittenLikeOthers(String more) throws Exception {
        Path image = image(65536);
        BlockNode node = open(image, more);
        BlockBackend backend = test.writer(node);
        backend.setWritethrough(true);
        buffer.putByte(0, (byte) 1);
        buffer.putByte(5000, (byte) 2);
        assertThat(backend.write(100, buffer, 0, 6000, 0)).isZero();
        assertThat(backend.writeZeroes(30000, 5000, 0)).isZero();
        byte[] contents = Files.readAllBytes(image);
        assertThat(contents[99]).isEqualTo((byte) 0x5a);
        assertThat(contents[100]).isEqualTo((byte) 1);
        assertThat(contents[5100]).isEqualTo((byte) 2);
        assertThat(contents[6100]).isEqualTo((byte) 0x5a);
        assertThat(contents[29999]).isEqualTo((byte) 0x5a);
        assertThat(contents[30000]).isZero();
        assertThat(contents[34999]).isZero();
        assertThat(contents[35000]).isEqualTo((byte) 0x5a);
    }

    /** The answer is remembered: holes that others punch behind the daemon's back show that. */
    @Test
    void anExtentOfDataIsLookedForOnce() throws Exception {
        Path image = image(MIB);
        BlockBackend backend = test.writer(open(image, ",'discard':'unmap'"));
        BlockStatus status = new BlockStatus();
        assertThat(backend.blockStatus(true, 0, MIB, status)).isZero();
        int other = Libc.open(image.toString(), Libc.O_RDWR, 0);
        assertThat(Libc.fallocate(other, Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE, MIB / 2, MIB / 4))
                .isZero();
        Libc.close(other);
        assertThat(backend.blockStatus(true, 4096, MIB - 4096, status)).isZero();
        assertThat(status.is(BlockStatus.DATA)).isTrue();
        assertThat(status.bytes).isEqualTo(MIB - 4096);
        assertThat(backend.discard(MIB / 4, 65536)).isZero();
        assertThat(backend.blockStatus(true, MIB / 4, MIB / 2, status)).isZero();
        assertThat(status.is(BlockStatus.ZERO)).isTrue();
        assertThat(status.bytes).isEqualTo(65536);
        assertThat(backend.blockStatus(true, MIB / 2, MIB / 2, status)).isZero();
        assertThat(status.is(BlockStatus.ZERO)).isTrue();
    }

    @Test
    void zeroesAndTruncationMakeHolesThatAreSeen() throws Exception {
        BlockBackend backend = test.writer(open(image(MIB), ",'discard':'unmap'"));
        BlockStatus status = new BlockStatus();
        assertThat(backend.blockStatus(true, 0, MIB, status)).isZero();
        assertThat(backend.writeZeroes(65536, 65536, RequestFlags.MAY_UNMAP)).isZero();
        assertThat(backend.blockStatus(true, 65536, MIB / 2, status)).isZero();
        assertThat(status.is(BlockStatus.ZERO)).isTrue();
        assertThat(backend.blockStatus(true, MIB / 2, MIB / 2, status)).isZero();
        backend.truncate(MIB / 2, true, PreallocMode.OFF, 0);
        backend.truncate(MIB, true, PreallocMode.OFF, 0);
        assertThat(backend.blockStatus(true, MIB / 2, MIB / 2, status)).isZero();
        assertThat(status.is(BlockStatus.ZERO)).isTrue();
    }
}

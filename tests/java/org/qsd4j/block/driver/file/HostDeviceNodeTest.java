package org.qsd4j.block.driver.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
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
import org.qsd4j.sys.NativeBuffer;

class HostDeviceNodeTest {
    private static final int MIB = 1 << 20;
    private static final byte OLD = 0x5a;

    @TempDir
    Path dir;

    private final TestGraph test = new TestGraph(new HostDeviceDriver());
    private final NativeBuffer buffer = NativeBuffer.allocate(MIB);
    private Path file;
    private LoopDevice loop;

    @BeforeEach
    void setUp() throws Exception {
        byte[] contents = new byte[MIB];
        Arrays.fill(contents, OLD);
        file = Files.write(dir.resolve("img"), contents);
        loop = new LoopDevice(file);
    }

    @AfterEach
    void close() {
        test.close();
        if (loop != null) {
            loop.close();
        }
    }

    private BlockNode open(String more) {
        return test.add(definition(loop.path, more));
    }

    private static String definition(String filename, String more) {
        return "{'driver':'host_device','node-name':'d','filename':'" + filename + "'" + more + "}";
    }

    private static void fails(ThrowingCallable what, String message) {
        assertThatThrownBy(what).isInstanceOf(QapiException.class).hasMessage(message);
    }

    /** The device has zeroes from start to end, and what it had before everywhere else. */
    private void zeroesOnly(BlockBackend backend, int start, int end) {
        assertThat(backend.read(0, buffer, 0, MIB)).isZero();
        byte[] expected = new byte[MIB];
        Arrays.fill(expected, OLD);
        Arrays.fill(expected, start, end, (byte) 0);
        byte[] found = new byte[MIB];
        buffer.get(0, found, 0, MIB);
        assertThat(Arrays.mismatch(found, expected)).isEqualTo(-1);
    }

    @Test
    void openingFailsInTheRealDaemonsWords() {
        fails(() -> test.add(definition("", "")), "The 'host_device' block driver requires a file name");
        fails(
                () -> test.add(definition(file.toString(), "")),
                "'host_device' driver requires '" + file + "' to be either a character or block device");
        fails(
                () -> test.add(definition(file.toString(), ",'aio':'native'")),
                "aio=native was specified, but it requires cache.direct=on, which was not specified.");
        fails(
                () -> test.add("{'driver':'file','node-name':'f','filename':'" + loop.path + "'}"),
                "'file' driver requires '" + loop.path + "' to be a regular file");
        assertThat(test.graph.nodes()).isEmpty();
    }

    @Test
    void devicesThatAreReadOnlyAreRefusedToThoseWhoWrite() {
        try (LoopDevice readOnly = new LoopDevice(file, "-r")) {
            fails(() -> test.add(definition(readOnly.path, "")), "The device is not writable: Permission denied");
            BlockNode node = test.add(definition(readOnly.path, ",'auto-read-only':true"));
            assertThat(test.reader(node).read(0, buffer, 0, 512)).isZero();
            assertThat(buffer.getByte(0)).isEqualTo(OLD);
            fails(() -> test.writer(node), "The device is not writable: Permission denied");
            test.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void zeroesLeaveNeighboursAlone(boolean direct) {
        BlockBackend backend = test.writer(open(",'discard':'unmap','cache':{'direct':" + direct + "}"));
        assertThat(backend.writeZeroes(1000, 9000, 0)).isZero();
        zeroesOnly(backend, 1000, 10000);
        assertThat(backend.writeZeroes(10000, 100_000, RequestFlags.MAY_UNMAP)).isZero();
        zeroesOnly(backend, 1000, 110_000);
        assertThat(backend.writeZeroes(900, 100, RequestFlags.MAY_UNMAP)).isZero();
        zeroesOnly(backend, 900, 110_000);
        assertThat(backend.flush()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void zeroesAfterWritesThatAreStillInThePageCache(boolean mayUnmap) throws Exception {
        BlockBackend backend = test.writer(open(",'discard':'unmap'"));
        buffer.putByte(0, (byte) 1);
        buffer.putByte(8191, (byte) 2);
        assertThat(backend.write(4096, buffer, 0, 8192, 0)).isZero();
        assertThat(backend.writeZeroes(4608, 7168, mayUnmap ? RequestFlags.MAY_UNMAP : 0))
                .isZero();
        assertThat(backend.flush()).isZero();
        byte[] contents = Files.readAllBytes(file);
        assertThat(contents[4095]).isEqualTo(OLD);
        assertThat(contents[4096]).isEqualTo((byte) 1);
        assertThat(contents[4608]).isZero();
        assertThat(contents[12287]).isEqualTo((byte) 2);
        assertThat(contents[12288]).isEqualTo(OLD);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void discardsReadAsZeroesOnALoopDevice(boolean direct) throws Exception {
        BlockNode node = open(",'discard':'unmap','cache':{'direct':" + direct + "}");
        BlockBackend backend = test.writer(node);
        assertThat(backend.discard(65536, 131072)).isZero();
        zeroesOnly(backend, 65536, 196608);
        byte[] contents = Files.readAllBytes(file);
        assertThat(contents[65535]).isEqualTo(OLD);
        assertThat(contents[65536]).isZero();
        assertThat(contents[196607]).isZero();
        assertThat(contents[196608]).isEqualTo(OLD);
        assertThat(((HostDeviceNode) node).driverStatistics().toJson().toString())
                .contains("\"driver\":\"host_device\"", "\"discard-bytes-ok\":131072", "\"discard-nb-failed\":0");
    }

    @Test
    void discardsOfPartsOfASectorAreNoError() {
        BlockBackend backend = test.writer(open(",'discard':'unmap'"));
        assertThat(backend.discard(100, 200)).isZero();
        zeroesOnly(backend, 0, 0);
    }

    @Test
    void discardsAreIgnoredWithoutUnmap() {
        BlockBackend backend = test.writer(open(""));
        assertThat(backend.discard(0, MIB)).isZero();
        zeroesOnly(backend, 0, 0);
    }

    @Test
    void zeroesThatMustBeFastAreOnlyUnmapped() {
        BlockBackend backend = test.writer(open(",'discard':'unmap'"));
        assertThat(backend.writeZeroes(0, 4096, RequestFlags.NO_FALLBACK)).isEqualTo(-Errno.ENOTSUP);
        zeroesOnly(backend, 0, 0);
        assertThat(backend.writeZeroes(0, 4096, RequestFlags.NO_FALLBACK | RequestFlags.MAY_UNMAP))
                .isZero();
        zeroesOnly(backend, 0, 4096);
    }

    @Test
    void sectorsOfTheDeviceAreTheAlignmentOfDirectRequests() {
        try (LoopDevice large = new LoopDevice(file, "--sector-size", "4096")) {
            BlockNode node = test.add(definition(large.path, ",'cache':{'direct':true}"));
            assertThat(node.limits().requestAlignment).isEqualTo(4096);
            BlockBackend backend = test.writer(node);
            buffer.putByte(3, (byte) 9);
            assertThat(backend.write(4090, buffer, 3, 1, 0)).isZero();
            assertThat(backend.writeZeroes(4100, 5000, 0)).isZero();
            assertThat(backend.read(4089, buffer, 0, 16)).isZero();
            byte[] found = new byte[16];
            buffer.get(0, found, 0, 16);
            assertThat(found).containsExactly(OLD, 9, OLD, OLD, OLD, OLD, OLD, OLD, OLD, OLD, OLD, 0, 0, 0, 0, 0);
            test.close();
        }
    }

    @Test
    void theSizeIsTheDevices() {
        BlockNode node = open("");
        BlockBackend backend = test.writer(node);
        assertThat(backend.length()).isEqualTo(MIB);
        backend.truncate(512, false, PreallocMode.OFF, 0);
        assertThat(backend.length()).isEqualTo(MIB);
        fails(() -> backend.truncate(512, true, PreallocMode.OFF, 0), "Cannot resize device files");
        fails(() -> backend.truncate(2 * MIB, false, PreallocMode.OFF, 0), "Cannot grow device files");
        fails(
                () -> backend.truncate(2 * MIB, false, PreallocMode.FULL, 0),
                "Preallocation mode 'full' unsupported for this non-regular file");
        assertThat(file).hasSize(MIB);
    }

    @Test
    void allOfADeviceIsData() {
        BlockNode node = open(",'discard':'unmap'");
        assertThat(test.writer(node).discard(0, MIB)).isZero();
        BlockStatus status = new BlockStatus();
        assertThat(node.blockStatus(true, 4096, MIB - 4096, status)).isZero();
        assertThat(status.bytes).isEqualTo(MIB - 4096);
        assertThat(status.flags & (BlockStatus.DATA | BlockStatus.ZERO)).isEqualTo(BlockStatus.DATA);
    }

    @Test
    void aPathToADeviceIsTheDriversAndNoOther() {
        HostDeviceDriver driver = new HostDeviceDriver();
        assertThat(driver.takesPath(loop.path)).isTrue();
        assertThat(driver.takesPath("/dev/null")).isTrue();
        assertThat(driver.takesPath(file.toString())).isFalse();
        assertThat(driver.takesPath("/")).isFalse();
        assertThat(driver.takesPath("nbd://x/\0")).isFalse();
        assertThat(driver.parseFilename("host_device:/x"))
                .isEqualTo(TestGraph.json("{'driver':'host_device','filename':'/x'}"));
        assertThat(driver.parseFilename(loop.path)).isNull();
    }
}

package org.qsd4j.export.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qsd4j.Requirements;
import org.qsd4j.export.fuse.wire.FuseInHeader;
import org.qsd4j.export.fuse.wire.FuseInitFlags;
import org.qsd4j.export.fuse.wire.FuseInitIn;
import org.qsd4j.export.fuse.wire.FuseOpcode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** Requests as kernels send them that are older or newer than this one, or not in their right mind. */
class FuseProtocolTest {
    private static final int ARGUMENT = FuseInHeader.SIZE;
    private static final int PAYLOAD = 4096;
    private static final int ALL_FLAGS = 0xffff_ffff;

    @TempDir
    Path dir;

    private FuseFixture fixture;
    private FuseExport export;
    private FuseOperations operations;
    private final NativeBuffer memory = NativeBuffer.allocate(16384);
    private final FuseRequest request = new FuseRequest(memory, 0, ARGUMENT, PAYLOAD);

    @BeforeEach
    void setUp() throws Exception {
        Requirements.fuse();
        fixture = new FuseFixture(dir);
        fixture.export(fixture.node("node", 1 << 20), "'writable': true");
        export = (FuseExport) Objects.requireNonNull(fixture.exports.find("e"));
        operations = new FuseOperations(export);
    }

    @AfterEach
    void tearDown() {
        fixture.close();
    }

    private int send(int opcode, int argumentBytes) {
        memory.putInt(4, opcode);
        request.argumentBytes = argumentBytes;
        return operations.handle(request);
    }

    private int init(int major, int minor, int argumentBytes) {
        memory.putInt(ARGUMENT, major);
        memory.putInt(ARGUMENT + 4, minor);
        memory.putInt(ARGUMENT + 8, 131072);
        memory.putInt(ARGUMENT + 12, ALL_FLAGS);
        memory.putInt(ARGUMENT + 16, ALL_FLAGS);
        return send(FuseOpcode.FUSE_INIT, argumentBytes);
    }

    private int minorOfReply() {
        return memory.getInt(PAYLOAD + 4);
    }

    /** Linux 2.6.24, 3.14, 3.15, 4.20, 6.0, 6.16, and one to come. */
    @ParameterizedTest
    @CsvSource({
        "9, 16, 24, 9",
        "22, 16, 24, 22",
        "23, 16, 64, 23",
        "28, 16, 64, 28",
        "36, 64, 64, 36",
        "44, 64, 64, 44",
        "46, 64, 64, 45"
    })
    void initSpeaksTheOlderVersionOfBoth(int minor, int sent, int replied, int agreed) {
        assertThat(init(7, minor, sent)).isEqualTo(replied);
        assertThat(memory.getInt(PAYLOAD)).isEqualTo(7);
        assertThat(minorOfReply()).isEqualTo(agreed);
        assertThat(memory.getInt(PAYLOAD + 8)).as("max_readahead").isEqualTo(131072);
        assertThat(export.isStopping()).isFalse();
        assertThat(fixture.errors).isEmpty();
    }

    @Test
    void flagsThatTheKernelDidNotSendAreNotSet() {
        assertThat(init(7, 35, FuseInitIn.COMPAT_SIZE)).isEqualTo(64);
        assertThat(memory.getInt(PAYLOAD + 32)).as("flags2").isZero();
        memory.putInt(ARGUMENT + 12, (int) FuseInitFlags.FUSE_ASYNC_DIO);
        assertThat(send(FuseOpcode.FUSE_INIT, FuseInitIn.COMPAT_SIZE)).isEqualTo(64);
        assertThat(memory.getInt(PAYLOAD + 12)).isEqualTo((int) FuseInitFlags.FUSE_ASYNC_DIO);
    }

    @Test
    void aNewerMajorVersionIsToldOursAndAsksAgain() {
        assertThat(init(8, 0, 64)).isEqualTo(8);
        assertThat(memory.getInt(PAYLOAD)).isEqualTo(7);
        assertThat(export.isStopping()).isFalse();
        assertThat(init(7, 45, 64)).isEqualTo(64);
    }

    private void halts(int result, int errno, String why) {
        assertThat(result).isEqualTo(-errno);
        assertThat(export.isStopping()).isTrue();
        assertThat(fixture.errors).containsExactly(why);
        fixture.exports.remove("e", null);
        assertThat(fixture.exports.query()).isEmpty();
    }

    @Test
    void anOlderMajorVersionHalts() {
        halts(init(6, 99, 16), Errno.EPROTO, "FUSE major version mismatch: We have 7, but kernel has 6");
    }

    @Test
    void aMinorVersionBeforeTheStructuresOfTodayHalts() {
        halts(init(7, 8, 16), Errno.EPROTO, "FUSE minor version too old: 9 required, but kernel has 8");
    }

    @Test
    void aTruncatedInitHalts() {
        halts(init(7, 45, 15), Errno.EINVAL, "FUSE_INIT request truncated, read only 15 bytes");
    }

    @Test
    void aTruncatedRequestHalts() {
        halts(send(FuseOpcode.FUSE_READ, 39), Errno.EINVAL, "FUSE request truncated, expected 40 bytes, read 39 bytes");
    }

    @Test
    void aWriteWithLessDataThanItSaysHalts() {
        memory.putLong(ARGUMENT + 8, 0);
        memory.putInt(ARGUMENT + 16, 4096);
        request.payloadBytes = 4095;
        halts(
                send(FuseOpcode.FUSE_WRITE, 40 + 4095),
                Errno.EINVAL,
                "FUSE WRITE truncated; received 4095 bytes of 4096");
    }

    @ParameterizedTest
    @CsvSource({"-1, 4096", "0, -1", "0, 2147483647", "-9223372036854775808, 1"})
    void readsOfImpossibleRangesAreInvalid(long offset, int bytes) {
        memory.putLong(ARGUMENT + 8, offset);
        memory.putInt(ARGUMENT + 16, bytes);
        assertThat(send(FuseOpcode.FUSE_READ, 40)).isEqualTo(-Errno.EINVAL);
        request.payloadBytes = 4096;
        assertThat(send(FuseOpcode.FUSE_WRITE, 40 + 4096)).isEqualTo(-Errno.EINVAL);
        assertThat(export.isStopping()).isFalse();
    }

    @Test
    void unknownOperationsAreSaidToBeUnknown() {
        for (int opcode : new int[] {0, 22, 24, 47, 50, 53, 4096, Integer.MAX_VALUE, -1}) {
            assertThat(send(opcode, 64)).as("opcode %d", opcode).isEqualTo(-Errno.ENOSYS);
        }
        assertThat(send(FuseOpcode.FUSE_LOOKUP, 8)).isEqualTo(-Errno.ENOENT);
        assertThat(send(FuseOpcode.FUSE_INTERRUPT, 8)).isEqualTo(FuseRequest.NO_REPLY);
        assertThat(export.isStopping()).isFalse();
    }
}

package org.qsd4j.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.export.nbd.RawNbdClient.Reply;
import org.qsd4j.nbd.wire.Nbd;

/** Modes: 0 simple replies, 1 structured replies, 2 extended headers. */
class NbdTransmissionTest {
    private static final int SIZE = NbdFixture.SIZE;

    @TempDir
    Path dir;

    private NbdFixture server;

    @BeforeEach
    void start() throws Exception {
        server = new NbdFixture(dir);
        server.addFile("e");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private RawNbdClient connect(int mode) throws Exception {
        return server.connect().go("e", mode, mode == 0 ? new String[0] : new String[] {"base:allocation"});
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void readsReturnWhatWritesWrote(int mode) throws Exception {
        byte[] data = new byte[100_001];
        new Random(1).nextBytes(data);
        try (RawNbdClient client = connect(mode)) {
            assertThat(client.write(4097, data)).isZero();
            assertThat(client.read(0, 4097, data.length)).isEqualTo(data);
            assertThat(client.read(0, 4096, 1)).containsExactly(0);
            assertThat(client.error(Nbd.NBD_CMD_FLUSH, 0, 0, 0)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void whatLiesOutsideIsRefused(int mode) throws Exception {
        try (RawNbdClient client = connect(mode)) {
            assertThat(client.error(Nbd.NBD_CMD_READ, 0, SIZE - 8, 16)).isEqualTo(Nbd.NBD_EINVAL);
            assertThat(client.error(Nbd.NBD_CMD_READ, 0, Long.MIN_VALUE, 16)).isEqualTo(Nbd.NBD_EINVAL);
            assertThat(client.error(Nbd.NBD_CMD_READ, 0, -1, 16)).isEqualTo(Nbd.NBD_EINVAL);
            assertThat(client.error(Nbd.NBD_CMD_TRIM, 0, SIZE, 1)).isEqualTo(Nbd.NBD_EINVAL);
            assertThat(client.error(Nbd.NBD_CMD_WRITE_ZEROES, 0, SIZE - 1, 2)).isEqualTo(Nbd.NBD_ENOSPC);
            assertThat(client.write(SIZE - 4, new byte[8])).isEqualTo(Nbd.NBD_ENOSPC);
            assertThat(client.error(Nbd.NBD_CMD_READ, 0, SIZE, 0)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void thePayloadOfARefusedWriteIsDrained(int mode) throws Exception {
        try (RawNbdClient client = connect(mode)) {
            assertThat(client.write(SIZE - 4, new byte[5 << 20])).isEqualTo(Nbd.NBD_ENOSPC);
            assertThat(client.error(Nbd.NBD_CMD_WRITE, Nbd.NBD_CMD_FLAG_NO_HOLE, 0, 8, new byte[8]))
                    .isEqualTo(Nbd.NBD_EINVAL);
            assertThat(client.read(0, 0, 8)).containsOnly(0);
        }
    }

    @Test
    void aReadOnlyExportRefusesWhateverWrites() throws Exception {
        server.add("ro", "{'driver': 'null-co', 'node-name': 'n', 'size': 4096, 'read-zeroes': true}", false);
        try (RawNbdClient client = server.connect().go("ro", 1)) {
            assertThat(client.write(0, new byte[8])).isEqualTo(Nbd.NBD_EPERM);
            assertThat(client.error(Nbd.NBD_CMD_TRIM, 0, 0, 512)).isEqualTo(Nbd.NBD_EPERM);
            assertThat(client.error(Nbd.NBD_CMD_WRITE_ZEROES, 0, 0, 512)).isEqualTo(Nbd.NBD_EPERM);
            assertThat(client.error(Nbd.NBD_CMD_FLUSH, 0, 0, 0)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aReadThatIsTooLongIsRefusedAndAWriteEndsTheConnection(int mode) throws Exception {
        try (RawNbdClient client = connect(mode)) {
            assertThat(client.error(Nbd.NBD_CMD_READ, 0, 0, Nbd.NBD_MAX_BUFFER_SIZE + 1))
                    .isEqualTo(Nbd.NBD_EINVAL);
            assertThat(client.error(Nbd.NBD_CMD_WRITE, 0, 0, Nbd.NBD_MAX_BUFFER_SIZE + 1))
                    .isEqualTo(Nbd.NBD_EINVAL);
            assertThat(client.isDropped()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void theLongestReadAndWriteWork(int mode) throws Exception {
        server.addFile("big", Nbd.NBD_MAX_BUFFER_SIZE);
        byte[] data = new byte[Nbd.NBD_MAX_BUFFER_SIZE];
        new Random(2).nextBytes(data);
        try (RawNbdClient client = server.connect().go("big", mode)) {
            assertThat(client.write(0, data)).isZero();
            assertThat(Arrays.equals(client.read(0, 0, data.length), data)).isTrue();
            if (mode > 0) {
                assertThat(Arrays.equals(client.read(Nbd.NBD_CMD_FLAG_DF, 0, data.length), data))
                        .isTrue();
            }
        }
    }

    @Test
    void dontFragmentGivesOneChunk() throws Exception {
        try (RawNbdClient client = connect(1)) {
            client.write(65536, new byte[] {1});
            client.request(Nbd.NBD_CMD_READ, Nbd.NBD_CMD_FLAG_DF, 0, SIZE);
            assertThat(client.replies(0)).hasSize(1);
            client.request(Nbd.NBD_CMD_READ, 0, 0, SIZE);
            assertThat(client.replies(0))
                    .extracting(Reply::type)
                    .contains(Nbd.NBD_REPLY_TYPE_OFFSET_HOLE, Nbd.NBD_REPLY_TYPE_OFFSET_DATA);
        }
    }

    @Test
    void aSmallHoleIsSentAsAHole() throws Exception {
        try (RawNbdClient client = connect(1)) {
            client.write(4096, (byte) 1);
            client.request(Nbd.NBD_CMD_READ, 0, 65536, 512);
            assertThat(client.replies(0)).extracting(Reply::type).containsExactly(Nbd.NBD_REPLY_TYPE_OFFSET_HOLE);
            client.request(Nbd.NBD_CMD_READ, 0, 4096, 512);
            assertThat(client.replies(0)).extracting(Reply::type).containsExactly(Nbd.NBD_REPLY_TYPE_OFFSET_DATA);
        }
    }

    @Test
    void aWrongRequestMagicEndsTheConnection() throws Exception {
        try (RawNbdClient client = connect(1)) {
            client.send(new byte[28]);
            assertThat(client.reply(0).error()).isEqualTo(Nbd.NBD_EINVAL);
            assertThat(client.isDropped()).isTrue();
        }
    }

    @Test
    void unknownCommandsAreRefusedAndTheConnectionLives() throws Exception {
        try (RawNbdClient client = connect(1)) {
            assertThat(client.error(8, 0, 0, 65536)).isEqualTo(Nbd.NBD_EINVAL);
            assertThat(client.error(0xffff, 0xffff, -1, -1)).isEqualTo(Nbd.NBD_EINVAL);
            assertThat(client.read(0, 0, 1)).hasSize(1);
        }
    }

    @Test
    void disconnectEndsTheConnectionWithoutAReply() throws Exception {
        try (RawNbdClient client = connect(1)) {
            client.request(Nbd.NBD_CMD_DISC, 0, 0, 0);
            assertThat(client.isDropped()).isTrue();
        }
    }

    @Test
    void zeroedAndTrimmedRangesReadAsZeroes() throws Exception {
        byte[] ones = new byte[65536];
        Arrays.fill(ones, (byte) 1);
        try (RawNbdClient client = connect(2)) {
            client.write(0, ones);
            assertThat(client.error(Nbd.NBD_CMD_WRITE_ZEROES, Nbd.NBD_CMD_FLAG_FUA, 1, 4096))
                    .isZero();
            assertThat(client.error(Nbd.NBD_CMD_WRITE_ZEROES, Nbd.NBD_CMD_FLAG_NO_HOLE, 8192, 0))
                    .isZero();
            assertThat(client.error(Nbd.NBD_CMD_TRIM, Nbd.NBD_CMD_FLAG_FUA, 0, 0))
                    .isZero();
            Arrays.fill(ones, 1, 4097, (byte) 0);
            assertThat(client.read(0, 0, ones.length)).isEqualTo(ones);
            assertThat(client.error(Nbd.NBD_CMD_CACHE, 0, 0, SIZE)).isZero();
        }
    }

    // Published fault of another server: the last extent went one byte beyond the image.
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void blockStatusNeverGoesBeyondTheEnd(int mode) throws Exception {
        try (RawNbdClient client = connect(mode)) {
            client.write(SIZE - 1, (byte) 1);
            for (int before : new int[] {1, 2, 511, 512, 513, 4096, SIZE}) {
                List<long[]> extents = client.blockStatus(0, SIZE - before, before);
                assertThat(extents.stream().mapToLong(e -> e[0]).sum()).isEqualTo(before);
            }
            assertThat(client.error(Nbd.NBD_CMD_BLOCK_STATUS, 0, SIZE - 1, 2)).isEqualTo(Nbd.NBD_EINVAL);
            assertThat(client.error(Nbd.NBD_CMD_BLOCK_STATUS, 0, SIZE, 0)).isEqualTo(Nbd.NBD_EINVAL);
        }
    }

    // Published fault of another server: extents over 4 GiB were cut to their lower 32 bits.
    @Test
    void extentsOfHugeHolesKeepTheirLength() throws Exception {
        long huge = 17L << 30;
        server.addFile("huge", huge);
        try (RawNbdClient compact = server.connect().go("huge", 1, "base:allocation");
                RawNbdClient extended = server.connect().go("huge", 2, "base:allocation")) {
            assertThat(compact.blockStatus(0, 0, 0xffff_ffffL)).containsExactly(new long[] {0xffff_ffffL, 3});
            assertThat(extended.blockStatus(0, 0, huge)).containsExactly(new long[] {huge, 3});
            assertThat(extended.error(Nbd.NBD_CMD_WRITE_ZEROES, 0, 0, huge)).isZero();
            assertThat(extended.error(Nbd.NBD_CMD_BLOCK_STATUS, 0, 1, -1)).isEqualTo(Nbd.NBD_EINVAL);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void reqOneGivesTheFirstMergedExtent(int mode) throws Exception {
        byte[] data = new byte[65536];
        Arrays.fill(data, (byte) 1);
        try (RawNbdClient client = connect(mode)) {
            client.write(131072, data);
            assertThat(client.blockStatus(0, 0, SIZE)).hasSize(3);
            assertThat(client.blockStatus(Nbd.NBD_CMD_FLAG_REQ_ONE, 0, SIZE)).containsExactly(new long[] {131072, 3});
            assertThat(client.blockStatus(Nbd.NBD_CMD_FLAG_REQ_ONE, 131072, 4096))
                    .containsExactly(new long[] {4096, 0});
        }
    }

    @Test
    void blockStatusThatNamesContextsGetsThose() throws Exception {
        try (RawNbdClient client = server.connect().go("e", 2, "base:allocation", "qemu:allocation-depth")) {
            byte[] both = {0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 1};
            client.request(Nbd.NBD_CMD_BLOCK_STATUS, 0, 0, both.length, both);
            assertThat(client.replies(0)).hasSize(2);
            byte[] one = Arrays.copyOf(both, 12);
            client.request(Nbd.NBD_CMD_BLOCK_STATUS, 0, 0, one.length, one);
            assertThat(client.replies(0)).hasSize(1);
            byte[] unknown = {0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 7};
            byte[] twice = {0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0};
            for (byte[] wrong : List.of(unknown, twice, Arrays.copyOf(both, 8), new byte[7], new byte[100_000])) {
                assertThat(client.error(Nbd.NBD_CMD_BLOCK_STATUS, 0, 0, wrong.length, wrong))
                        .isEqualTo(Nbd.NBD_EINVAL);
            }
            assertThat(client.read(0, 0, 1)).hasSize(1);
        }
    }

    @Test
    void manyRequestsInFlightAreAllAnswered() throws Exception {
        try (RawNbdClient client = connect(1)) {
            Set<Long> open = new HashSet<>();
            for (int i = 0; i < 500; i++) {
                int type = i % 3 == 0 ? Nbd.NBD_CMD_FLUSH : i % 3 == 1 ? Nbd.NBD_CMD_TRIM : Nbd.NBD_CMD_WRITE_ZEROES;
                open.add(client.request(type, i % 2, 0, type == Nbd.NBD_CMD_FLUSH ? 0 : 4096));
            }
            while (!open.isEmpty()) {
                Reply reply = client.reply(0);
                assertThat(reply.error()).isZero();
                assertThat(open.remove(reply.cookie())).isTrue();
            }
        }
    }

    @Test
    void servingARequestAllocatesNothing() throws Exception {
        try (RawNbdClient client = connect(1)) {
            byte[] data = new byte[4096];
            for (int i = 0; i < 2000; i++) {
                client.write(0, data);
                client.read(0, 0, 4096);
            }
            long thread = connectionThread();
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long before = threads.getThreadAllocatedBytes(thread);
            for (int i = 0; i < 1000; i++) {
                client.write(0, data);
                client.read(0, 0, 4096);
                client.error(Nbd.NBD_CMD_TRIM, 0, 0, 4096);
            }
            assertThat(threads.getThreadAllocatedBytes(thread) - before).isLessThan(3000);
        }
    }

    private static long connectionThread() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().equals("nbd-0"))
                .findFirst()
                .orElseThrow()
                .getId();
    }
}

package org.qsd4j.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.nbd.wire.Nbd;

/** Peers that break the rules or are broken: the export and the other clients never notice. */
class NbdHostilePeerTest {
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(20);

    @TempDir
    Path dir;

    private static void assertWorks(NbdFixture server) {
        assertTimeoutPreemptively(LONG_ENOUGH, () -> {
            try (RawNbdClient client = server.connect().go("e", 1)) {
                assertThat(client.write(512, (byte) 7)).isZero();
                assertThat(client.read(0, 512, 1)).containsExactly(7);
            }
        });
    }

    @Test
    void aClientThatSaysNothingIsCutOff() throws Exception {
        try (NbdFixture server = new NbdFixture(dir, null, 1, 100);
                RawNbdClient silent = server.connect()) {
            silent.receive(18);
            assertThat(silent.isDropped()).isTrue();
        }
    }

    @Test
    void aClientThatHagglesForEverIsCutOff() throws Exception {
        try (NbdFixture server = new NbdFixture(dir, null, 1, 100);
                RawNbdClient busy = server.connect().hello()) {
            long start = System.nanoTime();
            boolean dropped = false;
            while (!dropped && System.nanoTime() - start < LONG_ENOUGH.toNanos()) {
                try {
                    busy.option(Nbd.NBD_OPT_LIST);
                } catch (java.io.IOException e) {
                    dropped = true;
                }
            }
            assertThat(dropped).isTrue();
        }
    }

    @Test
    void theHandshakesTimeLimitEndsWithTheHandshake() throws Exception {
        try (NbdFixture server = new NbdFixture(dir, null, 1, 100)) {
            server.addFile("e");
            try (RawNbdClient client = server.connect().go("e", 1)) {
                Thread.sleep(1500);
                assertThat(client.read(0, 0, 1)).hasSize(1);
            }
        }
    }

    @Test
    void latecomersWaitUntilSomebodyLeaves() throws Exception {
        try (NbdFixture server = new NbdFixture(dir, null, 10, 2)) {
            server.addFile("e");
            RawNbdClient first = server.connect().go("e", 0);
            List<RawNbdClient> flood = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                flood.add(server.connect());
            }
            flood.get(0).receive(18);
            assertThat(first.read(0, 0, 1)).hasSize(1);
            for (RawNbdClient client : flood) {
                client.close();
            }
            first.close();
            assertWorks(server);
        }
    }

    @Test
    void aClientKilledInMidWriteLeavesNothingBehind() throws Exception {
        try (NbdFixture server = new NbdFixture(dir)) {
            server.addFile("e");
            for (int sent : new int[] {0, 1, 4000, 100_000, 3 << 20}) {
                try (RawNbdClient victim = server.connect().go("e", 1)) {
                    victim.send(victim.header(1, Nbd.NBD_CMD_WRITE, 0, 0, 4 << 20));
                    victim.send(new byte[sent]);
                }
                assertWorks(server);
            }
        }
    }

    @Test
    void aClientThatNeverReadsRepliesHoldsUpNobodyElse() throws Exception {
        try (NbdFixture server = new NbdFixture(dir)) {
            server.addFile("e");
            try (RawNbdClient deaf = server.connect().go("e", 0)) {
                for (int i = 0; i < 64; i++) {
                    deaf.request(Nbd.NBD_CMD_READ, 0, 0, NbdFixture.SIZE);
                }
                assertWorks(server);
            }
            assertWorks(server);
        }
    }

    @Test
    void aTlsServerTalksAboutNothingElseBeforeTls() throws Exception {
        try (NbdFixture server = new NbdFixture(dir, TestTls.anonymous(), 10, 100)) {
            server.addFile("e");
            try (RawNbdClient client = server.connect().hello()) {
                for (int option : new int[] {3, 6, 7, 8, 9, 10, 11, 99}) {
                    assertThat(client.option(option, RawNbdClient.infoRequest("e"))
                                    .get(0)
                                    .text())
                            .isEqualTo("Option 0x%x not permitted before TLS", option);
                }
                assertThat(client.optionResult(Nbd.NBD_OPT_ABORT)).isEqualTo(Nbd.NBD_REP_ERR_TLS_REQD);
                assertThat(client.isDropped()).isTrue();
            }
            try (RawNbdClient client = server.connect().hello()) {
                client.sendOption(Nbd.NBD_OPT_EXPORT_NAME, 1, new byte[] {'e'});
                assertThat(client.isDropped()).isTrue();
            }
            try (RawNbdClient client = server.connect().hello()) {
                assertThat(client.optionResult(Nbd.NBD_OPT_STARTTLS, (byte) 0)).isEqualTo(Nbd.NBD_REP_ERR_INVALID);
                assertThat(client.isDropped()).isTrue();
            }
        }
    }

    /** Whatever comes, the server answers or closes, and is there for the next one. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void anySequenceOfBytesIsSurvived(int mode) throws Exception {
        long seed = Long.getLong("qsd4j.seed", System.nanoTime());
        Random random = new Random(seed);
        try (NbdFixture server = new NbdFixture(dir)) {
            server.addFile("e");
            for (int round = 0; round < 60; round++) {
                try (RawNbdClient client = round % 2 == 0
                        ? server.connect().hello()
                        : server.connect()
                                .go("e", mode, mode == 0 ? new String[0] : new String[] {"base:allocation"})) {
                    for (int i = 0; i < 20; i++) {
                        client.send(round % 2 == 0 ? randomOption(random) : randomRequest(client, random));
                    }
                } catch (java.io.IOException e) {
                    // Dropped in the middle: well deserved.
                }
            }
            assertWorks(server);
        } catch (Throwable e) {
            throw new AssertionError("replay with -Dqsd4j.seed=" + seed, e);
        }
    }

    private static byte[] randomOption(Random random) {
        byte[] data = new byte[random.nextInt(64)];
        random.nextBytes(data);
        for (int i = 0; i < data.length; i++) {
            data[i] &= (byte) (random.nextInt(3) == 0 ? 0xff : 0);
        }
        int length = random.nextInt(8) == 0 ? random.nextInt() : data.length;
        java.nio.ByteBuffer option = java.nio.ByteBuffer.allocate(16 + data.length);
        option.putLong(random.nextInt(50) == 0 ? random.nextLong() : Nbd.OPTS_MAGIC);
        return option.putInt(random.nextInt(13)).putInt(length).put(data).array();
    }

    private static byte[] randomRequest(RawNbdClient client, Random random) {
        int type = random.nextInt(10);
        long offset = random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(NbdFixture.SIZE);
        long length = random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(70_000);
        int flags = random.nextInt(3) == 0 ? random.nextInt(64) : 0;
        byte[] header = client.header(random.nextLong(), type, flags, offset, length);
        if (random.nextInt(60) == 0) {
            header[random.nextInt(header.length)] ^= (byte) (1 << random.nextInt(8));
        }
        boolean payload = type == Nbd.NBD_CMD_WRITE && length >= 0 && length < 70_000;
        byte[] all = java.util.Arrays.copyOf(header, header.length + (payload ? (int) length : 0));
        return all;
    }
}

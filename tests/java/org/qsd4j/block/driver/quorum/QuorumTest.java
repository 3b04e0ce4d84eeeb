package org.qsd4j.block.driver.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.block.TestGraph;
import org.qsd4j.block.driver.blkdebug.BlkdebugDriver;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

class QuorumTest {
    private static final int SIZE = 1 << 20;

    @TempDir
    Path dir;

    private final List<String> events = new ArrayList<>();
    private final List<String> fatal = new ArrayList<>();
    private final TestGraph test = new TestGraph(new QuorumDriver(this::record, fatal::add), new BlkdebugDriver());
    private final NativeBuffer buffer = NativeBuffer.allocate(4096);

    private void record(QapiEvent event) {
        events.add(event.name() + " " + event.data());
    }

    @BeforeEach
    void files() throws IOException {
        for (String name : List.of("a", "b", "c")) {
            Files.write(dir.resolve(name), new byte[SIZE]);
        }
    }

    @AfterEach
    void close() {
        test.close();
    }

    private String file(String name, String rule) {
        String plain = "{'driver':'file','filename':'" + dir.resolve(name) + "'";
        return rule.isEmpty()
                ? plain + ",'node-name':'" + name + "'}"
                : "{'driver':'blkdebug','node-name':'" + name + "','image':" + plain + "},'inject-error':[" + rule
                        + "]}";
    }

    private BlockNode quorum(String options, String ruleOfA, String ruleOfB) {
        return test.add("{'driver':'quorum','node-name':'q','children':[" + file("a", ruleOfA) + ","
                + file("b", ruleOfB) + "," + file("c", "") + "]," + options + "}");
    }

    private void put(String name, int offset, int value) throws IOException {
        byte[] bytes = Files.readAllBytes(dir.resolve(name));
        bytes[offset] = (byte) value;
        Files.write(dir.resolve(name), bytes);
    }

    private int get(String name, int offset) throws IOException {
        return Files.readAllBytes(dir.resolve(name))[offset];
    }

    @Test
    void writesReachEveryChild() throws IOException {
        BlockBackend blk = test.writer(quorum("'vote-threshold':2", "", ""));
        buffer.putByte(0, (byte) 7);
        assertThat(blk.write(1000, buffer, 0, 1, 0)).isZero();
        assertThat(blk.writeZeroes(4096, 4096, RequestFlags.NO_FALLBACK)).isZero();
        assertThat(blk.flush()).isZero();
        for (String name : List.of("a", "b", "c")) {
            assertThat(get(name, 1000)).isEqualTo(7);
        }
        assertThat(events).isEmpty();
    }

    @Test
    void majorityIsBelievedAndTheOtherReported() throws IOException {
        put("a", 700, 9);
        BlockBackend blk = test.writer(quorum("'vote-threshold':2", "", ""));
        assertThat(blk.read(512, buffer, 0, 1024)).isZero();
        assertThat(buffer.isZero(0, 1024)).isTrue();
        assertThat(events)
                .containsExactly("QUORUM_REPORT_BAD {\"type\":\"read\",\"node-name\":\"a\",\"sector-num\":1,"
                        + "\"sectors-count\":2}");
        assertThat(get("a", 700)).isEqualTo(9);
    }

    @Test
    void largeReadsHaveSeveralVotes() throws IOException {
        for (String name : List.of("a", "b", "c")) {
            Files.write(dir.resolve(name), new byte[3 * SIZE]);
        }
        put("a", 0, 9);
        put("b", 5 * SIZE / 2, 8);
        put("c", 3 * SIZE - 1, 7);
        BlockBackend blk = test.writer(quorum("'vote-threshold':2", "", ""));
        NativeBuffer large = NativeBuffer.allocate(3 * SIZE);
        large.putByte(SIZE, (byte) 1);
        assertThat(blk.read(0, large, 0, 3 * SIZE - 100)).isZero();
        assertThat(large.isZero(0, 3 * SIZE - 100)).isTrue();
        assertThat(events).hasSize(2);
    }

    @Test
    void outvotedChildIsRewritten() throws IOException {
        put("b", 700, 9);
        BlockBackend blk = test.writer(quorum("'vote-threshold':2,'rewrite-corrupted':true", "", ""));
        assertThat(blk.read(512, buffer, 0, 1024)).isZero();
        assertThat(get("b", 700)).isZero();
        events.clear();
        assertThat(blk.read(512, buffer, 0, 1024)).isZero();
        assertThat(events).isEmpty();
    }

    @Test
    void withoutMajorityReadsFail() throws IOException {
        put("a", 0, 1);
        put("b", 0, 2);
        BlockBackend blk = test.writer(quorum("'vote-threshold':2", "", ""));
        assertThat(blk.read(0, buffer, 0, 512)).isEqualTo(-Errno.EIO);
        assertThat(events).containsExactly("QUORUM_FAILURE {\"reference\":\"q\",\"sector-num\":0,\"sectors-count\":1}");
    }

    @Test
    void commonErrorIsTheAnswerWhenTooManyFail() {
        String full = "{'event':'none','iotype':'write','errno':28}";
        BlockBackend blk = test.writer(quorum("'vote-threshold':2", full, full));
        assertThat(blk.write(0, buffer, 0, 512, 0)).isEqualTo(-Errno.ENOSPC);
        assertThat(events).hasSize(3);
        assertThat(events.get(0))
                .contains("\"error\":\"No space left on device\"")
                .contains("\"write\"");
        assertThat(events.get(2)).startsWith("QUORUM_FAILURE");
    }

    @Test
    void oneFailingChildIsBorne() {
        String bad = "{'event':'none','errno':5}";
        BlockBackend blk = test.writer(quorum("'vote-threshold':2", bad, ""));
        assertThat(blk.write(0, buffer, 0, 512, 0)).isZero();
        assertThat(blk.flush()).isZero();
        assertThat(blk.read(0, buffer, 0, 512)).isZero();
        assertThat(events).hasSize(3).allMatch(event -> event.startsWith("QUORUM_REPORT_BAD"));
    }

    @Test
    void fifoTakesTheFirstThatCanBeRead() throws IOException {
        put("b", 0, 2);
        String bad = "{'event':'none','iotype':'read','errno':5}";
        BlockBackend blk = test.writer(quorum("'vote-threshold':1,'read-pattern':'fifo'", bad, ""));
        assertThat(blk.read(0, buffer, 0, 512)).isZero();
        assertThat(buffer.getByte(0)).isEqualTo((byte) 2);
        assertThat(events).hasSize(1);
    }

    @Test
    void differenceIsFatalToTwoThatMustAgree() throws IOException {
        put("a", 700, 1);
        BlockNode node = test.add("{'driver':'quorum','node-name':'q','vote-threshold':2,'blkverify':true,'children':["
                + file("a", "") + "," + file("b", "") + "]}");
        assertThat(test.writer(node).read(512, buffer, 0, 512)).isEqualTo(-Errno.EIO);
        assertThat(fatal).containsExactly("quorum: offset=512 bytes=512 contents mismatch at offset 700");
    }

    @Test
    void statusIsZeroOnlyWhereAllAre() throws IOException {
        put("b", 65536, 1);
        BlockBackend blk = test.writer(quorum("'vote-threshold':2", "", ""));
        assertThat(blk.discard(0, 65536)).isZero();
        BlockStatus status = new BlockStatus();
        assertThat(blk.blockStatus(true, 65536, 4096, status)).isZero();
        assertThat(status.is(BlockStatus.DATA)).isTrue();
    }

    @Test
    void childrenComeAndGo() throws IOException {
        BlockNode node = quorum("'vote-threshold':2", "", "");
        Files.write(dir.resolve("d"), new byte[SIZE]);
        test.graph.addChild(node, test.add(file("d", "")));
        test.graph.removeChild(node, Objects.requireNonNull(node.child("children.0")));
        test.graph.removeChild(node, Objects.requireNonNull(node.child("children.1")));
        buffer.putByte(0, (byte) 3);
        assertThat(test.writer(node).write(0, buffer, 0, 1, 0)).isZero();
        assertThat(get("d", 0)).isEqualTo(3);
        assertThat(get("a", 0)).isZero();
        assertThatThrownBy(() -> test.graph.removeChild(node, Objects.requireNonNull(node.child("children.2"))))
                .hasMessage("The number of children cannot be lower than the vote threshold 2");
    }

    @Test
    void rulesThatCannotBeKeptAreRefused() {
        refused("'vote-threshold':0", "Parameter 'vote-threshold' expects a value >= 1");
        refused("'vote-threshold':4", "threshold may not exceed children count");
        refused(
                "'vote-threshold':2,'blkverify':true",
                "blkverify=on can only be set if there are exactly two files and vote-threshold is 2");
    }

    private void refused(String options, String message) {
        assertThatThrownBy(() -> quorum(options, "", "")).hasMessage(message);
    }
}

package org.qsd4j.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.qsd4j.qapi.QapiEvent;

class EventLimitsTest {
    private record Due(long millis, Runnable task) {}

    private final PriorityQueue<Due> tasks = new PriorityQueue<>((a, b) -> Long.compare(a.millis(), b.millis()));
    private final List<String> sent = new ArrayList<>();
    private final EventLimits limits = new EventLimits((task, delay, unit) -> schedule(task, unit.toMillis(delay)));
    private long now;

    private void schedule(Runnable task, long millis) {
        tasks.add(new Due(now + millis, task));
    }

    private void emit(String name, @Nullable String key, String about, int number) {
        ObjectNode data = JsonNodeFactory.instance.objectNode();
        if (key != null) {
            data.put(key, about);
        }
        limits.pass(new QapiEvent(name, data), () -> sent.add(now + " " + name + " " + about + " " + number));
    }

    private void sleep(long millis) {
        long end = now + millis;
        for (Due due = tasks.peek(); due != null && due.millis() <= end; due = tasks.peek()) {
            now = due.millis();
            tasks.remove().task().run();
        }
        now = end;
    }

    @Test
    void firstGoesAtOnceAndTheLastAtTheEndOfTheSecond() {
        for (int i = 0; i < 10; i++) {
            emit("QUORUM_FAILURE", null, "", i);
            sleep(50);
        }
        assertThat(sent).containsExactly("0 QUORUM_FAILURE  0");
        sleep(2000);
        assertThat(sent).containsExactly("0 QUORUM_FAILURE  0", "1000 QUORUM_FAILURE  9");
    }

    @Test
    void floodGoesOnOnceASecond() {
        for (int i = 0; i < 35; i++) {
            emit("QUORUM_FAILURE", null, "", i);
            sleep(100);
        }
        assertThat(sent)
                .containsExactly(
                        "0 QUORUM_FAILURE  0",
                        "1000 QUORUM_FAILURE  9",
                        "2000 QUORUM_FAILURE  19",
                        "3000 QUORUM_FAILURE  29");
    }

    @Test
    void afterAQuietSecondTheNextGoesAtOnce() {
        emit("QUORUM_FAILURE", null, "", 0);
        sleep(1000);
        emit("QUORUM_FAILURE", null, "", 1);
        assertThat(sent).containsExactly("0 QUORUM_FAILURE  0", "1000 QUORUM_FAILURE  1");
        sleep(1000);
        assertThat(tasks).isEmpty();
    }

    @Test
    void nodesAndDevicesAreCountedApart() {
        for (int i = 0; i < 2; i++) {
            emit("QUORUM_REPORT_BAD", "node-name", "a", i);
            emit("QUORUM_REPORT_BAD", "node-name", "b", i);
            emit("BLOCK_IO_ERROR", "qom-path", "x", i);
            emit("BLOCK_IO_ERROR", "qom-path", "y", i);
            emit("QUORUM_FAILURE", "reference", "q" + i, i);
        }
        assertThat(sent)
                .containsExactly(
                        "0 QUORUM_REPORT_BAD a 0",
                        "0 QUORUM_REPORT_BAD b 0",
                        "0 BLOCK_IO_ERROR x 0",
                        "0 BLOCK_IO_ERROR y 0",
                        "0 QUORUM_FAILURE q0 0");
        sleep(1000);
        assertThat(sent).hasSize(10).contains("1000 QUORUM_REPORT_BAD b 1", "1000 QUORUM_FAILURE q1 1");
    }

    @Test
    void otherEventsAreNeverHeldBack() {
        for (String name : new String[] {
            "BLOCK_EXPORT_DELETED", "JOB_STATUS_CHANGE", "BLOCK_WRITE_THRESHOLD", "BLOCK_IMAGE_CORRUPTED"
        }) {
            emit(name, null, "", 0);
            emit(name, null, "", 1);
        }
        assertThat(sent).hasSize(8);
        assertThat(tasks).isEmpty();
    }

    @Test
    void realTimerFires() throws Exception {
        EventLimits real = EventLimits.realTime();
        CountDownLatch second = new CountDownLatch(1);
        QapiEvent event = new QapiEvent("QUORUM_FAILURE", null);
        real.pass(event, () -> {});
        real.pass(event, second::countDown);
        assertThat(second.getCount()).isEqualTo(1);
        assertThat(second.await(30, TimeUnit.SECONDS)).isTrue();
    }
}

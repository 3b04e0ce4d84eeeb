package org.qsd4j.block.driver.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.DrainedSection;
import org.qsd4j.block.TestGraph;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.ObjectOptions;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;
import org.qsd4j.sys.NativeBuffer;

/** Rates are measured against the clock: the tolerances leave room for a busy machine. */
class ThrottleTest {
    private static final int BLOCK = 4096;

    private final ObjectRegistry objects = new ObjectRegistry(new QomTree(), line -> {});
    private final TestGraph test = new TestGraph(new ThrottleDriver(objects));
    private final NativeBuffer buffer = NativeBuffer.allocate(1 << 20);

    @AfterEach
    void close() {
        test.close();
    }

    private void group(String id, String limits) {
        String json = "{'qom-type':'throttle-group','id':'" + id + "','limits':" + limits + "}";
        objects.add(ObjectOptions.visit(new JsonInputVisitor(TestGraph.json(json)), null));
    }

    private BlockBackend throttled(String name, String group) {
        BlockNode node = test.add("{'driver':'throttle','node-name':'" + name + "','throttle-group':'" + group
                + "','file':{'driver':'null-co','size':1048576}}");
        return test.writer(node);
    }

    private double secondsOf(Runnable requests) {
        long begin = System.nanoTime();
        requests.run();
        return (System.nanoTime() - begin) / 1e9;
    }

    private void read(BlockBackend blk, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(blk.read(0, buffer, 0, BLOCK)).isZero();
        }
    }

    @Test
    void readsComeAtTheRateAfterATenthOfASecondAtOnce() {
        group("g", "{'iops-read':100}");
        BlockBackend blk = throttled("t", "g");
        assertThat(secondsOf(() -> read(blk, 10))).isLessThan(0.05);
        assertThat(secondsOf(() -> read(blk, 50))).isBetween(0.4, 0.8);
        assertThat(secondsOf(() -> assertThat(blk.write(0, buffer, 0, BLOCK, 0)).isZero()))
                .as("writes have no limit")
                .isLessThan(0.05);
    }

    @Test
    void bytesOfWritesAndZeroesCount() {
        group("g", "{'bps-write':1048576}");
        BlockBackend blk = throttled("t", "g");
        assertThat(blk.write(0, buffer, 0, 512 << 10, 0)).isZero();
        assertThat(secondsOf(() -> assertThat(blk.writeZeroes(0, 1, 0)).isZero()))
                .as("what is over a tenth of a second's worth is paid for by the next")
                .isBetween(0.3, 0.7);
    }

    @Test
    void aBurstIsFastAndThenTheAverageHolds() {
        group("g", "{'iops-total':20,'iops-total-max':200}");
        BlockBackend blk = throttled("t", "g");
        assertThat(secondsOf(() -> read(blk, 200))).isLessThan(0.3);
        assertThat(secondsOf(() -> read(blk, 8))).isBetween(0.25, 0.8);
    }

    @Test
    void aLargeRequestCountsAsSeveral() {
        group("g", "{'iops-total':100,'iops-size':4096}");
        BlockBackend blk = throttled("t", "g");
        assertThat(blk.read(0, buffer, 0, 50 * BLOCK)).isZero();
        assertThat(secondsOf(() -> read(blk, 1))).isBetween(0.3, 0.7);
    }

    @Test
    void membersOfAGroupShareFairly() throws InterruptedException {
        group("g", "{'iops-total':200}");
        List<AtomicInteger> counts = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        long end = System.nanoTime() + 1_000_000_000;
        for (int member = 0; member < 3; member++) {
            BlockBackend blk = throttled("t" + member, "g");
            AtomicInteger count = new AtomicInteger();
            counts.add(count);
            // The first one asks five times as often.
            for (int i = 0; i < (member == 0 ? 5 : 1); i++) {
                Thread thread = new Thread(() -> {
                    while (System.nanoTime() < end) {
                        count.addAndGet(blk.read(0, buffer, 0, BLOCK) + 1);
                    }
                });
                threads.add(thread);
                thread.start();
            }
        }
        for (Thread thread : threads) {
            thread.join();
        }
        int total = counts.stream().mapToInt(AtomicInteger::get).sum();
        assertThat(total).isBetween(170, 250);
        assertThat(counts).allSatisfy(count -> assertThat(count.get()).isBetween(total / 4, total / 2));
    }

    @Test
    @SuppressWarnings("try")
    void aDrainLetsWaitingRequestsGo() throws InterruptedException {
        group("g", "{'iops-total':1,'iops-total-max':1}");
        BlockBackend blk = throttled("t", "g");
        read(blk, 2);
        List<Thread> waiting = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread thread = new Thread(() -> read(blk, 1));
            waiting.add(thread);
            thread.start();
        }
        Thread.sleep(100);
        assertThat(secondsOf(() -> {
                    try (DrainedSection drained = new DrainedSection(test.graph, blk.node())) {
                        waiting.forEach(ThrottleTest::join);
                    }
                }))
                .isLessThan(0.5);
    }

    private static void join(Thread thread) {
        try {
            thread.join(2000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        assertThat(thread.isAlive()).isFalse();
    }

    @Test
    void waitingTakesNoProcessorTime() throws InterruptedException {
        group("g", "{'iops-total':2}");
        BlockBackend blk = throttled("t", "g");
        long[] used = new long[1];
        Thread thread = new Thread(() -> {
            read(blk, 3);
            used[0] = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        });
        thread.start();
        thread.interrupt();
        thread.join();
        assertThat(used[0]).isBetween(1L, 200_000_000L);
    }

    @Test
    void aGroupInUseStays() {
        group("g", "{}");
        throttled("t", "g");
        assertThatThrownBy(() -> objects.delete("g"))
                .hasMessage("Cannot delete throttle group 'g' with active references");
        test.close();
        objects.delete("g");
        assertThat(objects.findThrottleGroup("g")).isNull();
    }
}

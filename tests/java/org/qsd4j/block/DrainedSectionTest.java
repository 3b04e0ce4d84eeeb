package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.sys.NativeBuffer;

class DrainedSectionTest {
    private static final int THREADS = 3;

    @TempDir
    Path dir;

    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicInteger completed = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();

    private List<Thread> start(BlockBackend backend) {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            Thread thread = new Thread(() -> writeUntilStopped(backend));
            thread.start();
            threads.add(thread);
        }
        return threads;
    }

    private void writeUntilStopped(BlockBackend backend) {
        NativeBuffer buffer = NativeBuffer.allocate(4096);
        while (!stop.get()) {
            if (backend.write(0, buffer, 0, 4096, 0) < 0) {
                failed.incrementAndGet();
            }
            completed.incrementAndGet();
        }
    }

    private void awaitProgress() throws InterruptedException {
        int before = completed.get();
        while (completed.get() < before + 2 * THREADS) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private void stop(List<Thread> threads) throws InterruptedException {
        stop.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failed).hasValue(0);
    }

    @Test
    @SuppressWarnings("try")
    void nothingMovesInsideAndEverythingAfterwards() throws Exception {
        try (TestGraph test = new TestGraph()) {
            BlockNode node = test.add("{'driver':'null-co','node-name':'n','latency-ns':200000}");
            List<Thread> threads = start(test.writer(test.add("{'driver':'raw','node-name':'r','file':'n'}")));
            awaitProgress();
            try (DrainedSection outer = new DrainedSection(test.graph, node);
                    DrainedSection inner = new DrainedSection(test.graph)) {
                // A request that has ended may not have been counted yet.
                TimeUnit.MILLISECONDS.sleep(5);
                int inside = completed.get();
                TimeUnit.MILLISECONDS.sleep(20);
                assertThat(completed).hasValue(inside);
            }
            awaitProgress();
            stop(threads);
        }
    }

    @Test
    @SuppressWarnings("try")
    void usersOfOtherNodesGoOn() throws Exception {
        try (TestGraph test = new TestGraph()) {
            BlockNode idle = test.add("{'driver':'null-co','node-name':'idle'}");
            List<Thread> threads = start(test.writer(test.add("{'driver':'null-co','node-name':'busy'}")));
            try (DrainedSection section = new DrainedSection(test.graph, idle)) {
                awaitProgress();
            }
            stop(threads);
        }
    }

    @Test
    void resizingUnderLoadLosesNothing() throws Exception {
        Path image = Files.write(dir.resolve("img"), new byte[8192]);
        try (TestGraph test = new TestGraph()) {
            BlockNode node = test.add("{'driver':'file','node-name':'f','filename':'" + image + "'}");
            List<Thread> threads = start(test.writer(node));
            for (int i = 0; i < 20; i++) {
                test.graph.resize(node, 8192 + 512L * (i % 3));
                awaitProgress();
            }
            stop(threads);
            test.graph.resize(node, 4096);
            assertThat(Files.size(image)).isEqualTo(4096);
        }
    }
}

package org.qsd4j.export.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.Requirements;
import org.qsd4j.aio.IoThread;

/** SETATTR and GETATTR on several queues at once. */
class FuseAttributesHammerTest {
    private static final int SETTERS = 4;
    private static final int ROUNDS = 400;
    /** None with set-uid or set-gid: the kernel sets another mode by itself when the owner changes. */
    private static final Set<Integer> MODES = Set.of(0100600, 0100644, 0101777, 0100000, 0100400);

    private static final Set<Integer> OWNERS = Set.of(0, 1, 1000, 65534);

    @TempDir
    Path dir;

    @Test
    void nobodyEverSeesAnAttributeThatNobodySet() throws Exception {
        Requirements.fuse();
        ExecutorService threads = Executors.newCachedThreadPool();
        try (FuseFixture fixture = new FuseFixture(dir)) {
            for (int i = 0; i < 4; i++) {
                fixture.ioThreads.put("io" + i, new IoThread("io" + i));
            }
            Path file = fixture.export(
                    fixture.node("node", 1 << 20), "'writable': true, 'iothread': ['io0', 'io1', 'io2', 'io3']");
            AtomicBoolean done = new AtomicBoolean();
            List<Future<Integer>> watchers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                watchers.add(threads.submit(() -> watch(file, done)));
            }
            List<Callable<Void>> setters = new ArrayList<>();
            for (int i = 0; i < SETTERS; i++) {
                int start = i;
                setters.add(() -> set(file, start));
            }
            for (Future<Void> setter : threads.invokeAll(setters)) {
                setter.get();
            }
            done.set(true);
            for (Future<Integer> watcher : watchers) {
                assertThat(watcher.get()).as("looks").isPositive();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static Void set(Path file, int start) throws Exception {
        List<Integer> modes = List.copyOf(MODES);
        List<Integer> owners = List.copyOf(OWNERS);
        for (int i = start; i < ROUNDS; i++) {
            Files.setAttribute(file, "unix:mode", modes.get(i % modes.size()) & 07777);
            Files.setAttribute(file, "unix:uid", owners.get(i % owners.size()));
            Files.setAttribute(file, "unix:gid", owners.get((i + 1) % owners.size()));
        }
        return null;
    }

    private static int watch(Path file, AtomicBoolean done) throws Exception {
        int looks = 0;
        while (!done.get()) {
            Map<String, Object> seen = Files.readAttributes(file, "unix:mode,uid,gid");
            assertThat(seen.get("mode")).isIn(MODES);
            assertThat(seen.get("uid")).isIn(OWNERS);
            assertThat(seen.get("gid")).isIn(OWNERS);
            looks++;
        }
        return looks;
    }
}

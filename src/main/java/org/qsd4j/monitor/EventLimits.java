package org.qsd4j.monitor;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.QapiEvent;

/**
 * Keeps events that may come in floods down to one a second: the first goes out at once, of those within a second of it
 * only the last, at the end of that second. Some are counted apart for each of what they are about. QEMU:
 * {@code MonitorQAPIEventConf}.
 */
@ThreadSafe
final class EventLimits {
    /** Runs a task later; tests have a clock of their own. */
    interface Timer {
        void schedule(Runnable task, long delay, TimeUnit unit);
    }

    /** Each limited event, with the member of its data that tells one of what it is about from another; "" for none. */
    private static final Map<String, String> KEYS = Map.of(
            "BLOCK_IO_ERROR", "qom-path",
            "QUORUM_FAILURE", "",
            "QUORUM_REPORT_BAD", "node-name");

    private static final long PERIOD_MILLIS = 1000;

    /** What floods together. */
    private record Flood(String event, String about) {}

    /** The last event that is held back in each flood that is under way; null if there is none. Guarded by this. */
    private final Map<Flood, @Nullable Runnable> floods = new HashMap<>();

    private final Timer timer;

    EventLimits(Timer timer) {
        this.timer = timer;
    }

    /** The process has a thread for that, which is started when it is first needed. */
    static EventLimits realTime() {
        return new EventLimits((task, delay, unit) ->
                CompletableFuture.delayedExecutor(delay, unit, Runnable::run).execute(task));
    }

    /**
     * Sends an event now, later or never.
     *
     * @param send sends it without blocking; on the caller's thread or the timer's, floods one after another
     */
    void pass(QapiEvent event, Runnable send) {
        String key = KEYS.get(event.name());
        if (key == null) {
            send.run();
            return;
        }
        JsonNode about = event.data() == null ? null : event.data().get(key);
        Flood flood = new Flood(event.name(), about == null ? "" : about.asText());
        synchronized (this) {
            if (floods.containsKey(flood)) {
                floods.put(flood, send);
                return;
            }
            floods.put(flood, null);
            send.run();
        }
        waitForNext(flood);
    }

    private void waitForNext(Flood flood) {
        timer.schedule(() -> periodEnded(flood), PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void periodEnded(Flood flood) {
        synchronized (this) {
            Runnable heldBack = floods.get(flood);
            if (heldBack == null) {
                floods.remove(flood);
                return;
            }
            floods.put(flood, null);
            heldBack.run();
        }
        waitForNext(flood);
    }
}

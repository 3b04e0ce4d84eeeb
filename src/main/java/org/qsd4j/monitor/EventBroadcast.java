package org.qsd4j.monitor;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.trace.TracePoint;

/**
 * Sends events, with the time at which they were handed in, to every client that has done its negotiation. Some kinds come
 * once a second at most.
 */
@ThreadSafe
public final class EventBroadcast implements Consumer<QapiEvent> {
    private static final int NANOS_PER_MICRO = 1000;

    private final EventLimits limits;
    private final List<QmpSession> sessions = new CopyOnWriteArrayList<>();

    public EventBroadcast() {
        this(EventLimits.realTime());
    }

    EventBroadcast(EventLimits limits) {
        this.limits = limits;
    }

    void add(QmpSession session) {
        sessions.add(session);
    }

    void remove(QmpSession session) {
        sessions.remove(session);
    }

    /** Any thread; does not block. */
    @Override
    public void accept(QapiEvent event) {
        if (TracePoint.MONITOR_PROTOCOL_EVENT_EMIT.isOn()) {
            TracePoint.MONITOR_PROTOCOL_EVENT_EMIT.log("event=%s data=%s", event.name(), String.valueOf(event.data()));
        }
        if (sessions.isEmpty()) {
            return;
        }
        Instant now = Instant.now();
        ObjectNode message = JsonNodeFactory.instance.objectNode();
        message.put("event", event.name());
        if (event.data() != null) {
            message.set("data", event.data());
        }
        message.putObject("timestamp")
                .put("seconds", now.getEpochSecond())
                .put("microseconds", now.getNano() / NANOS_PER_MICRO);
        limits.pass(event, () -> sessions.forEach(session -> session.event(message)));
    }
}

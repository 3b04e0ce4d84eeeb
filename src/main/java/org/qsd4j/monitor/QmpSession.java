package org.qsd4j.monitor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.qsd4j.chardev.Chardev;
import org.qsd4j.chardev.ChardevFrontend;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QmpJsonWriter;
import org.qsd4j.qapi.json.JsonMessage;
import org.qsd4j.qapi.json.JsonParser;
import org.qsd4j.trace.TracePoint;

/**
 * One monitor: the QMP protocol over one chardev, for one client after another. QEMU: {@code MonitorQMP}.
 *
 * <p>Input is parsed on the chardev's thread and executed on the main loop, in order. While as many requests as allowed
 * wait (one; eight with out-of-band execution), nothing more is read. Out-of-band commands run on the chardev's thread at
 * once.
 */
final class QmpSession implements ChardevFrontend {
    private static final int MAX_QUEUED_WITH_OOB = 8;
    private static final byte[] NOTHING = {};

    private final Chardev chardev;
    /** Written on the main loop, read on every thread. */
    private volatile boolean pretty;

    private final JsonNode version;
    private final CommandDispatcher dispatcher;
    private final CurrentMonitor current;
    private final Executor mainLoop;
    private final Runnable clientGone;

    /** The client; replaced on the chardev's thread, read on every thread. */
    private volatile @Nullable Client client;

    /** A connected client. All but {@link #negotiation} belongs to the chardev's thread. */
    private static final class Client {
        private final JsonParser parser = new JsonParser();
        private final Negotiation negotiation = new Negotiation();
        private int queued;
    }

    /** @param clientGone is run on the chardev's thread when a client has left */
    QmpSession(
            Chardev chardev,
            boolean pretty,
            JsonNode version,
            CommandDispatcher dispatcher,
            CurrentMonitor current,
            Executor mainLoop,
            Runnable clientGone) {
        this.chardev = chardev;
        this.pretty = pretty;
        this.version = version;
        this.dispatcher = dispatcher;
        this.current = current;
        this.mainLoop = mainLoop;
        this.clientGone = clientGone;
    }

    @Override
    public void opened() {
        client = new Client();
        chardev.write(bytes(greeting()));
    }

    @Override
    public void closed() {
        client = null;
        clientGone.run();
    }

    @Override
    public boolean isBusy() {
        Client connected = client;
        return connected != null && connected.queued > 0;
    }

    @Override
    public void received(ByteBuffer bytes) {
        Client connected = client;
        if (connected == null) {
            bytes.position(bytes.limit());
            return;
        }
        while (connected.queued < maxQueued(connected)) {
            JsonMessage message = connected.parser.next(bytes);
            if (message == null) {
                return;
            }
            accept(connected, message);
        }
    }

    /** Sends the event if the client has done its negotiation. Any thread. */
    void event(ObjectNode message) {
        Client connected = client;
        if (connected != null && connected.negotiation.isComplete()) {
            byte[] bytes = bytes(message);
            chardev.execute(() -> send(connected, bytes));
        }
    }

    void setPretty(boolean on) {
        pretty = on;
    }

    boolean isPretty() {
        return pretty;
    }

    /** Whether that is what our client has agreed on. Any thread. */
    boolean isClient(Negotiation negotiation) {
        Client connected = client;
        return connected != null && connected.negotiation == negotiation;
    }

    private static int maxQueued(Client connected) {
        return connected.negotiation.oob() ? MAX_QUEUED_WITH_OOB : 1;
    }

    private void accept(Client connected, JsonMessage message) {
        if (message instanceof JsonMessage.Value value && isOutOfBand(value.node())) {
            send(connected, replyBytes(() -> dispatch(value.node(), connected.negotiation)));
            return;
        }
        connected.queued++;
        mainLoop.execute(() -> {
            byte[] reply = client == connected ? replyBytes(() -> reply(connected, message)) : NOTHING;
            chardev.execute(() -> {
                send(connected, reply);
                connected.queued--;
                chardev.resumeInput();
            });
        });
    }

    /** A reply that is too large (a huge id is echoed) is the client's trouble, not the end of the thread it is made on. */
    private byte[] replyBytes(Supplier<ObjectNode> reply) {
        try {
            return bytes(reply.get());
        } catch (QapiException e) {
            return bytes(CommandDispatcher.errorReply(e.desc()));
        } catch (OutOfMemoryError | RuntimeException e) {
            return bytes(CommandDispatcher.errorReply("The reply cannot be written: " + e));
        }
    }

    private static boolean isOutOfBand(JsonNode request) {
        return request.has("exec-oob") && !request.has("execute");
    }

    private ObjectNode reply(Client connected, JsonMessage message) {
        if (message instanceof JsonMessage.Invalid invalid) {
            return CommandDispatcher.errorReply(invalid.desc());
        }
        current.set(connected.negotiation);
        try {
            return dispatch(((JsonMessage.Value) message).node(), connected.negotiation);
        } finally {
            current.set(null);
        }
    }

    private ObjectNode dispatch(JsonNode request, Negotiation negotiation) {
        if (TracePoint.HANDLE_QMP_COMMAND.isOn()) {
            TracePoint.HANDLE_QMP_COMMAND.log("mon %s req: %s", chardev.id(), traced(request));
        }
        ObjectNode reply = dispatcher.dispatch(request, negotiation);
        if (TracePoint.MONITOR_QMP_RESPOND.isOn()) {
            TracePoint.MONITOR_QMP_RESPOND.log("mon %s resp: %s", chardev.id(), traced(reply));
        }
        return reply;
    }

    private static String traced(JsonNode message) {
        try {
            return new String(QmpJsonWriter.toBytes(message, false), StandardCharsets.US_ASCII);
        } catch (QapiException e) {
            return e.desc();
        }
    }

    private ObjectNode greeting() {
        ObjectNode greeting = JsonNodeFactory.instance.objectNode();
        ObjectNode qmp = greeting.putObject("QMP");
        qmp.set("version", version);
        ArrayNode capabilities = qmp.putArray("capabilities");
        if (chardev.hasThread()) {
            capabilities.add("oob");
        }
        return greeting;
    }

    /** The message as it goes over the wire; its lines end in CRLF. */
    private byte[] bytes(JsonNode message) {
        byte[] json = QmpJsonWriter.toBytes(message, pretty);
        int lineEnds = 1;
        if (pretty) {
            for (byte b : json) {
                lineEnds += b == '\n' ? 1 : 0;
            }
        }
        byte[] wire = new byte[json.length + lineEnds + 1];
        int length = 0;
        for (byte b : json) {
            if (b == '\n') {
                wire[length++] = '\r';
            }
            wire[length++] = b;
        }
        wire[length++] = '\r';
        wire[length] = '\n';
        return wire;
    }

    /** On the chardev's thread: a reply never reaches a later client than the one that asked. */
    private void send(Client to, byte[] bytes) {
        if (client == to) {
            chardev.write(bytes);
        }
    }
}

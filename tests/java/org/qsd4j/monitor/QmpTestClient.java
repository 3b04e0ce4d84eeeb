package org.qsd4j.monitor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.qsd4j.chardev.MemoryChardev;
import org.qsd4j.monitor.command.ControlCommandsHandler;
import org.qsd4j.qapi.InputVisitor;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.QMPCapability;
import org.qsd4j.qapi.gen.VersionInfo;
import org.qsd4j.qapi.gen.VersionTriple;
import org.qsd4j.util.Reporter;

/** A monitor with a few commands and its client. The main loop is the test, which may hold tasks back. */
final class QmpTestClient implements AutoCloseable {
    static final VersionInfo VERSION = new VersionInfo(new VersionTriple(11, 1, 3), "Debian 1:11.1.3+ds-1");

    private final MemoryChardev chardev = new MemoryChardev("c");
    private final EventBroadcast events = new EventBroadcast();
    private final List<String> reported = new ArrayList<>();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean heldBack;

    QmpTestClient(boolean pretty) {
        CurrentMonitor current = new CurrentMonitor();
        CommandDispatcher dispatcher = new CommandDispatcher(new Commands(current), new Recorder());
        QmpSession session =
                new QmpSession(chardev, pretty, VERSION.toJson(), dispatcher, current, this::execute);
        chardev.attach(session);
        events.add(session);
        chardev.connect();
    }

    private void execute(Runnable task) {
        if (heldBack) {
            tasks.add(task);
        } else {
            task.run();
        }
    }

    MemoryChardev chardev() {
        return chardev;
    }

    EventBroadcast events() {
        return events;
    }

    List<String> reported() {
        return reported;
    }

    /** From now on the main loop does nothing but what {@link #runOne} lets it do. */
    void holdBack() {
        heldBack = true;
    }

    int waitingTasks() {
        return tasks.size();
    }

    void runOne() {
        tasks.remove().run();
    }

    void send(String text) {
        chardev.receive(text.getBytes(StandardCharsets.UTF_8), Integer.MAX_VALUE);
    }

    /** What has been sent, a line each. */
    List<String> lines() {
        return new String(chardev.sent(), StandardCharsets.US_ASCII).lines().toList();
    }

    String lastLine() {
        List<String> lines = lines();
        return lines.get(lines.size() - 1);
    }

    @Override
    public void close() {
        chardev.detach();
    }

    private final class Recorder implements Reporter {
        @Override
        public void error(String text) {
            reported.add(text);
        }

        @Override
        public void warning(String text) {
            reported.add(text);
        }

        @Override
        public void info(String text) {
            reported.add(text);
        }
    }

    /** The commands of the test: two of the daemon's own, one that may overtake, one that breaks. */
    private static final class Commands implements CommandTable {
        private final ControlCommandsHandler control;

        Commands(CurrentMonitor current) {
            control = new ControlCommandsHandler(current, VERSION, () -> {});
        }

        private record Function(boolean allowOob, UnaryOperator<JsonNode> body) implements Command {
            @Override
            public JsonNode invoke(ObjectNode arguments) {
                return body.apply(arguments);
            }
        }

        @Override
        public @Nullable Command find(String name) {
            return switch (name) {
                case "qmp_capabilities" -> new Function(false, this::capabilities);
                case "query-version" -> new Function(false, this::version);
                case "overtake" -> new Function(true, arguments -> arguments);
                case "break" -> new Function(false, arguments -> {
                    throw new IllegalStateException("broken");
                });
                default -> null;
            };
        }

        private JsonNode capabilities(JsonNode arguments) {
            InputVisitor visitor = new JsonInputVisitor(arguments);
            visitor.startStruct(null);
            List<QMPCapability> enable = null;
            if (visitor.optional("enable")) {
                enable = new ArrayList<>();
                visitor.startList("enable");
                while (visitor.nextElement()) {
                    enable.add(QMPCapability.visit(visitor, null));
                }
                visitor.endList();
            }
            visitor.checkStruct();
            control.qmpCapabilities(enable);
            return QapiJson.object();
        }

        private JsonNode version(JsonNode arguments) {
            InputVisitor visitor = new JsonInputVisitor(arguments);
            visitor.startStruct(null);
            visitor.checkStruct();
            return control.queryVersion().toJson();
        }
    }
}

package org.qsd4j.monitor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.qsd4j.chardev.Chardevs;
import org.qsd4j.chardev.MemoryChardev;
import org.qsd4j.chardev.TestChardevs;
import org.qsd4j.monitor.command.ControlCommandsHandler;
import org.qsd4j.monitor.command.IntrospectCommandsHandler;
import org.qsd4j.monitor.command.QomCommandsHandler;
import org.qsd4j.qapi.gen.MonitorOptions;
import org.qsd4j.qapi.gen.VersionInfo;
import org.qsd4j.qapi.gen.VersionTriple;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;
import org.qsd4j.util.Reporter;

/** A monitor with a few commands and its client. The main loop is the test, which may hold tasks back. */
final class QmpTestClient implements AutoCloseable {
    static final VersionInfo VERSION = new VersionInfo(new VersionTriple(11, 1, 3), "Debian 1:11.1.3+ds-1");

    private final MemoryChardev chardev = new MemoryChardev("c");
    private final QomTree tree = new QomTree();
    private final EventBroadcast events = new EventBroadcast();
    private final List<String> reported = new ArrayList<>();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean heldBack;

    QmpTestClient(boolean pretty) {
        CurrentMonitor current = new CurrentMonitor();
        Chardevs chardevs = TestChardevs.open(new Recorder(), false, tree);
        chardev.addTo(chardevs);
        ObjectRegistry objects = new ObjectRegistry(tree, line -> {});
        Monitors monitors = new Monitors(
                chardevs,
                tree,
                events,
                current,
                new Commands(current, tree, objects),
                VERSION,
                this::execute,
                new Recorder());
        objects.setMonitorMaker(monitors::make);
        monitors.add(new MonitorOptions(null, null, pretty, "c"));
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

    QomTree tree() {
        return tree;
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

    boolean isBusy() {
        return chardev.frontendIsBusy();
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
        chardev.detachFrontend();
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

    /** The commands of the daemon itself and of objects, one that may overtake others, and one that breaks. */
    private static final class Commands implements CommandTable {
        private final CommandTable schema;

        Commands(CurrentMonitor current, QomTree tree, ObjectRegistry objects) {
            schema = SchemaCommands.of(
                    new ControlCommandsHandler(current, VERSION, () -> {}),
                    new QomCommandsHandler(tree, objects),
                    new IntrospectCommandsHandler());
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
                case "overtake" -> new Function(true, arguments -> arguments);
                case "break" ->
                    new Function(false, arguments -> {
                        throw new IllegalStateException("broken");
                    });
                default -> schema.find(name);
            };
        }
    }
}

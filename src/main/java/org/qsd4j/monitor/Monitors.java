package org.qsd4j.monitor;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.chardev.Chardev;
import org.qsd4j.chardev.Chardevs;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.MonitorMode;
import org.qsd4j.qapi.gen.MonitorOptions;
import org.qsd4j.qapi.gen.MonitorQMPCloseAction;
import org.qsd4j.qapi.gen.MonitorQMPProperties;
import org.qsd4j.qapi.gen.ObjectOptions;
import org.qsd4j.qapi.gen.VersionInfo;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomObject;
import org.qsd4j.qom.QomTree;
import org.qsd4j.util.Reporter;

/** Makes monitors. Main loop. */
@MainThread
public final class Monitors {
    private final Chardevs chardevs;
    private final QomTree tree;
    private final EventBroadcast events;
    private final CurrentMonitor current;
    private final CommandDispatcher dispatcher;
    private final JsonNode version;
    private final Executor mainLoop;
    private int unnamed;

    /**
     * @param events the monitors made here take their events from it
     * @param current the commands find their client in it
     * @param version what the greeting tells
     * @param mainLoop where commands are executed
     */
    public Monitors(
            Chardevs chardevs,
            QomTree tree,
            EventBroadcast events,
            CurrentMonitor current,
            CommandTable commands,
            VersionInfo version,
            Executor mainLoop,
            Reporter reporter) {
        this.chardevs = chardevs;
        this.tree = tree;
        this.events = events;
        this.current = current;
        this.dispatcher = new CommandDispatcher(commands, reporter);
        this.version = version.toJson();
        this.mainLoop = mainLoop;
    }

    /** Makes a monitor; clients may come before this returns. */
    public void add(MonitorOptions options) {
        if (options.mode() == MonitorMode.READLINE) {
            throw QapiException.generic("Only QMP is supported");
        }
        Chardev chardev = chardev(options.chardev());
        String id = options.id();
        if (id == null) {
            id = "compat_monitor" + unnamed;
            unnamed++;
        } else {
            ObjectRegistry.checkId(id);
        }
        String name = id;
        tree.objects().add(name, () -> make(name, chardev, options.pretty(), null));
    }

    /** Makes the object of a monitor; clients may come before this returns. */
    public QomObject make(ObjectOptions.MonitorQmp options) {
        MonitorQMPProperties properties = options.u();
        return make(options.id(), chardev(properties.chardev()), properties.pretty(), properties.closeAction());
    }

    private Chardev chardev(String id) {
        Chardev chardev = chardevs.find(id);
        if (chardev == null) {
            throw QapiException.generic("chardev \"%s\" not found", id);
        }
        return chardev;
    }

    private QomObject make(
            String id, Chardev chardev, @Nullable Boolean pretty, @Nullable MonitorQMPCloseAction closeAction) {
        MonitorObject monitor = new MonitorObject(this, id, chardev, Boolean.TRUE.equals(pretty));
        if (closeAction != null) {
            monitor.setCloseAction(closeAction);
        }
        chardev.attach(monitor.session());
        events.add(monitor.session());
        return monitor;
    }

    QmpSession session(Chardev chardev, boolean pretty, Runnable clientGone) {
        return new QmpSession(chardev, pretty, version, dispatcher, current, mainLoop, clientGone);
    }

    boolean isCurrent(QmpSession session) {
        return session.isClient(current.negotiation());
    }

    /** The session is over: it gets no more events. */
    void ended(QmpSession session) {
        events.remove(session);
    }

    /** Deletes a monitor with its chardev, unless that has happened. Any thread. */
    void deleteLater(String id, MonitorObject monitor) {
        mainLoop.execute(() -> {
            if (tree.objects().find(id) == monitor) {
                tree.objects().remove(id);
                chardevs.remove(monitor.chardevId());
            }
        });
    }
}

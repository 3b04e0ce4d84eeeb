package org.qsd4j.monitor;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.Executor;
import org.qsd4j.aio.MainThread;
import org.qsd4j.chardev.Chardev;
import org.qsd4j.chardev.Chardevs;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.MonitorMode;
import org.qsd4j.qapi.gen.MonitorOptions;
import org.qsd4j.qapi.gen.VersionInfo;
import org.qsd4j.qom.ObjectRegistry;
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
        Chardev chardev = chardevs.find(options.chardev());
        if (chardev == null) {
            throw QapiException.generic("chardev \"%s\" not found", options.chardev());
        }
        String id = options.id();
        if (id == null) {
            id = "compat_monitor" + unnamed;
            unnamed++;
        } else {
            ObjectRegistry.checkId(id);
        }
        tree.objects().checkFree(id);
        boolean pretty = Boolean.TRUE.equals(options.pretty());
        QmpSession session = new QmpSession(chardev, pretty, version, dispatcher, current, mainLoop);
        chardev.attach(session);
        events.add(session);
        tree.objects().add(id, new MonitorObject(session, chardev, pretty, current, events));
    }
}

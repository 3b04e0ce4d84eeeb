package org.qsd4j.daemon;

import org.qsd4j.aio.MainThread;
import org.qsd4j.block.GraphTransaction;
import org.qsd4j.chardev.Chardev;
import org.qsd4j.chardev.ChardevCommandLine;
import org.qsd4j.chardev.Chardevs;
import org.qsd4j.monitor.CommandTable;
import org.qsd4j.monitor.CurrentMonitor;
import org.qsd4j.monitor.EventBroadcast;
import org.qsd4j.monitor.Monitors;
import org.qsd4j.monitor.command.BlockCoreCommandsHandler;
import org.qsd4j.monitor.command.BlockCreateCommandsHandler;
import org.qsd4j.monitor.command.BlockExportCommandsHandler;
import org.qsd4j.monitor.command.BlockNodeCommandsHandler;
import org.qsd4j.monitor.command.BlockSnapshotCommandsHandler;
import org.qsd4j.monitor.command.BlockStatsCommandsHandler;
import org.qsd4j.monitor.command.CharCommandsHandler;
import org.qsd4j.monitor.command.ControlCommandsHandler;
import org.qsd4j.monitor.command.IntrospectCommandsHandler;
import org.qsd4j.monitor.command.JobCommandsHandler;
import org.qsd4j.monitor.command.NbdCommandsHandler;
import org.qsd4j.monitor.command.QomCommandsHandler;
import org.qsd4j.monitor.command.TransactionCommandsHandler;
import org.qsd4j.qapi.gen.MonitorOptions;
import org.qsd4j.qapi.gen.QmpDispatchTable;
import org.qsd4j.qapi.gen.VersionInfo;
import org.qsd4j.util.Reporter;

/** Chardevs, the monitors on them, and the commands that monitors know. */
@MainThread
final class QmpServer implements AutoCloseable {
    private final Chardevs chardevs;
    private final Monitors monitors;
    private final Reporter report;

    /**
     * @param events where the engine's events come in
     * @param out what the real daemon prints while it works off commands
     * @param background standard input and output are not the daemon's to use
     */
    QmpServer(StorageEngine engine, EventBroadcast events, Reporter report, Output out, boolean background) {
        this.report = report;
        chardevs = new Chardevs(
                report,
                background,
                engine.tree(),
                engine.objects(),
                () -> engine.loop().execute(engine.loop()::stop));
        CurrentMonitor current = new CurrentMonitor();
        VersionInfo version = Version.info();
        monitors = new Monitors(
                chardevs,
                engine.tree(),
                events,
                current,
                CommandTable.of(commands(engine, chardevs, current, version, out)),
                version,
                engine.loop(),
                report);
        engine.objects().setMonitorMaker(monitors::make);
    }

    private static QmpDispatchTable commands(
            StorageEngine engine, Chardevs chardevs, CurrentMonitor current, VersionInfo version, Output out) {
        Runnable quit = () -> {
            engine.closeExports();
            engine.jobs().cancelAll();
            engine.loop().stop();
        };
        GraphTransaction transaction = new GraphTransaction(engine.graph(), out::print);
        return new QmpDispatchTable(
                new CharCommandsHandler(chardevs),
                new BlockCoreCommandsHandler(engine.graph()),
                new BlockStatsCommandsHandler(engine.graph()),
                new BlockNodeCommandsHandler(engine.graph(), engine.objects()::findIoThread),
                new BlockSnapshotCommandsHandler(engine.graph(), transaction),
                new TransactionCommandsHandler(transaction),
                new NbdCommandsHandler(engine.nbdServer(), engine.graph(), engine.exports()),
                new BlockExportCommandsHandler(engine.exports()),
                new ControlCommandsHandler(current, version, quit),
                new IntrospectCommandsHandler(),
                new QomCommandsHandler(engine.tree(), engine.objects()),
                new JobCommandsHandler(engine.jobs()),
                new BlockCreateCommandsHandler(engine.jobs()));
    }

    /** {@code --chardev}; what its help prints goes to {@code out}. */
    void addChardev(String argument, Output out) {
        ChardevCommandLine.Help help = ChardevCommandLine.help(argument, report);
        if (help != null) {
            out.print(help.text());
            throw new Exit(help.exitStatus());
        }
        Chardev made = chardevs.add(ChardevCommandLine.parse(argument, Reporter.SILENT));
        if (made.pty() != null) {
            out.print("char device redirected to " + made.pty() + " (label " + made.id() + ")\n");
        }
    }

    void addMonitor(MonitorOptions options) {
        monitors.add(options);
    }

    /** Makes {@code --chardev} throw that waits for a client. Any thread. */
    void stopWaiting() {
        chardevs.stopWaiting();
    }

    /** Sends what is still to be sent, then closes everything and removes the sockets. */
    @Override
    public void close() {
        chardevs.close();
    }
}

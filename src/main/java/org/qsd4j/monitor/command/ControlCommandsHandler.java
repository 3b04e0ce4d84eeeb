package org.qsd4j.monitor.command;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.monitor.CurrentMonitor;
import org.qsd4j.qapi.gen.CommandInfo;
import org.qsd4j.qapi.gen.ControlCommands;
import org.qsd4j.qapi.gen.QMPCapability;
import org.qsd4j.qapi.gen.QmpDispatchTable;
import org.qsd4j.qapi.gen.VersionInfo;

/** The commands of module {@code control}. */
public final class ControlCommandsHandler implements ControlCommands {
    private final CurrentMonitor current;
    private final VersionInfo version;
    private final Runnable quit;

    /** @param quit ends the daemon in order: exports are gone when it returns, the main loop stops after the command */
    public ControlCommandsHandler(CurrentMonitor current, VersionInfo version, Runnable quit) {
        this.current = current;
        this.version = version;
        this.quit = quit;
    }

    @Override
    public void qmpCapabilities(@Nullable List<QMPCapability> enable) {
        current.negotiation().accept(enable);
    }

    @Override
    public VersionInfo queryVersion() {
        return version;
    }

    /** Last first, as in QEMU, whose list grows at its head. */
    @Override
    public List<CommandInfo> queryCommands() {
        List<CommandInfo> commands = new ArrayList<>(
                QmpDispatchTable.names().stream().map(CommandInfo::new).toList());
        Collections.reverse(commands);
        return commands;
    }

    @Override
    public void quit() {
        quit.run();
    }
}

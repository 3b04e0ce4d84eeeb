package org.qsd4j.daemon;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.QapiException;

/**
 * {@code qsd4j COMMAND …}: the commands for people, beside the daemon's command line.
 *
 * @param out standard output
 * @param report messages, with the program's name before them
 * @param signals is told what to do when this process is asked to end
 */
record Tool(Program program, Output out, ErrorReport report, Consumer<Runnable> signals) {
    private static final List<Subcommand> COMMANDS = List.of(
            new DemoCommand(),
            new MountCommand(),
            new UmountCommand(),
            new ServeCommand(),
            new InfoCommand(),
            new CreateCommand(),
            new CheckCommand());
    private static final Option HELP = new Option("help", 'h', false);

    /** Whether the arguments are for this class rather than for the daemon. */
    static boolean isMeant(Program program, String... arguments) {
        return program.name().equals(Program.TOOL)
                && (arguments.length == 0
                        || !arguments[0].startsWith("-")
                        || arguments[0].equals("--help")
                        || arguments[0].equals("-h"));
    }

    int run(String... arguments) {
        if (arguments.length == 0 || arguments[0].startsWith("-")) {
            out.print(help());
            return arguments.length == 0 ? 1 : 0;
        }
        for (Subcommand command : COMMANDS) {
            if (command.name().equals(arguments[0])) {
                return run(command, List.of(arguments).subList(1, arguments.length));
            }
        }
        report.error("no such command: " + arguments[0] + "; " + Program.TOOL + " --help lists them");
        return 1;
    }

    private int run(Subcommand command, List<String> arguments) {
        report.setLocation(command.name());
        List<Option> options = new ArrayList<>(command.options());
        options.add(HELP);
        try {
            ToolArguments parsed = ToolArguments.parse(options, arguments);
            if (parsed.has(HELP.name())) {
                out.print("Usage: " + usage(command) + "\n" + command.summary() + "\n");
                return 0;
            }
            return command.run(this, parsed);
        } catch (UsageException e) {
            report.error(e.getMessage() + "; usage: " + usage(command));
        } catch (Exit e) {
            return e.status();
        } catch (QapiException e) {
            report.error(e);
        } catch (InterruptedException | ClosedByInterruptException e) {
            return 1;
        } catch (IOException e) {
            report.error(Reasons.of(e));
        } catch (Exception e) {
            report.error("internal error: " + e);
        }
        return 1;
    }

    private static String usage(Subcommand command) {
        return Program.TOOL + " " + command.name() + " " + command.synopsis();
    }

    private static String help() {
        StringBuilder text = new StringBuilder("Usage: qsd4j COMMAND [ARGUMENT…]\n\n");
        for (Subcommand command : COMMANDS) {
            text.append("  ")
                    .append(usage(command))
                    .append("\n        ")
                    .append(command.summary())
                    .append('\n');
        }
        return text.append("\nWith an option in place of COMMAND it is the storage daemon: qsd4j --blockdev …,\n")
                .append("as qemu-storage-daemon beside it; qemu-storage-daemon --help lists those options.\n")
                .toString();
    }
}

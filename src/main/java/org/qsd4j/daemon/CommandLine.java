package org.qsd4j.daemon;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.daemon.Getopt.Occurrence;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.QapiException;

/**
 * The daemon's command line. It is read twice: first for what comes before everything else ({@code --help}, {@code
 * --version}, {@code --daemonize}, and options that don't exist), then for the options that act, in the order in which
 * they stand.
 */
final class CommandLine {
    /** In the real daemon's order, which shows in the message about an ambiguous abbreviation; then what is ours alone. */
    private static final List<Option> OPTIONS = List.of(
            new Option("blockdev", true),
            new Option("chardev", true),
            new Option("daemonize", false),
            new Option("export", true),
            new Option("help", 'h', false),
            new Option("monitor", true),
            new Option("nbd-server", true),
            new Option("object", true),
            new Option("pidfile", true),
            new Option("trace", 'T', true),
            new Option("version", 'V', false),
            Option.whole("fuse-io-uring"),
            Option.whole("fuse-passthrough"));

    /** What an option does. An argument is what stands behind the option, unparsed. */
    interface Actions {
        void blockdev(String argument);

        void chardev(String argument);

        void export(String argument);

        void fuseIoUring(String argument);

        void fusePassthrough(String argument);

        void monitor(String argument);

        void nbdServer(String argument);

        void object(String argument);

        void pidfile(String path);

        void trace(String argument);
    }

    /**
     * What the first reading found.
     *
     * @param exitText if not null, print this and exit 0 without doing anything
     */
    record Preview(@Nullable String exitText, boolean daemonize) {}

    private final String[] arguments;

    CommandLine(String... arguments) {
        this.arguments = arguments;
    }

    Preview preview() throws UsageException {
        Getopt getopt = new Getopt(OPTIONS, arguments);
        boolean daemonize = false;
        for (Occurrence found = getopt.next(); found != null; found = getopt.next()) {
            switch (found.name()) {
                case "help" -> {
                    return new Preview(HelpText.daemon(), false);
                }
                case "version" -> {
                    return new Preview(Version.text(), false);
                }
                case "daemonize" -> daemonize = true;
                default -> {
                    // It acts in the second reading.
                }
            }
        }
        return new Preview(null, daemonize);
    }

    /** Lets the options act. The report's location is the option at hand, also when this throws. */
    void run(Actions actions, ErrorReport report) throws UsageException {
        Getopt getopt = new Getopt(OPTIONS, arguments);
        for (Occurrence found = getopt.next(); found != null; found = getopt.next()) {
            report.setLocation(found.asTyped());
            act(found, actions);
        }
        report.setLocation(null);
    }

    private static void act(Occurrence found, Actions actions) {
        String argument = found.argument();
        switch (found.name()) {
            case Getopt.STRAY -> throw QapiException.generic("Unexpected argument");
            case "blockdev" -> actions.blockdev(argument);
            case "chardev" -> actions.chardev(argument);
            case "export" -> actions.export(argument);
            case "fuse-io-uring" -> actions.fuseIoUring(argument);
            case "fuse-passthrough" -> actions.fusePassthrough(argument);
            case "monitor" -> actions.monitor(argument);
            case "nbd-server" -> actions.nbdServer(argument);
            case "object" -> actions.object(argument);
            case "pidfile" -> actions.pidfile(argument);
            case "trace" -> actions.trace(argument);
            default -> {
                // The first reading has seen to it.
            }
        }
    }
}

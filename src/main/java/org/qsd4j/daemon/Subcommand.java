package org.qsd4j.daemon;

import java.util.List;

/** One of {@code qsd4j}'s own commands: what stands behind the program's name. */
interface Subcommand {
    String name();

    /** What stands behind the name, as in {@code IMAGE MOUNTPOINT [--writable]}. */
    String synopsis();

    /** One line on what it does. */
    String summary();

    /** The options that it takes; {@code --help} is added. */
    List<Getopt.Option> options();

    /**
     * Does the work.
     *
     * @return the exit status
     * @throws org.qsd4j.qapi.QapiException with the message for the user
     */
    int run(Tool tool, ToolArguments arguments) throws Exception;
}

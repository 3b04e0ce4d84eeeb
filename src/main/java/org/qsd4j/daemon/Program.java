package org.qsd4j.daemon;

/**
 * The name this program was started by. Messages of the option parser carry it whole, as getopt(3) prints it; all others
 * carry its last component.
 *
 * @param argv0 what the caller typed, never empty
 */
record Program(String argv0) {
    static final String DAEMON = "qemu-storage-daemon";
    static final String TOOL = "qsd4j";

    /** The launcher hands the name over, since a JVM doesn't know what it was started as. */
    static Program ofLauncher() {
        return new Program(System.getProperty("qsd4j.argv0", DAEMON));
    }

    String name() {
        return argv0.substring(argv0.lastIndexOf('/') + 1);
    }
}

package org.qsd4j.daemon;

import java.io.OutputStream;

/**
 * A short life of the daemon in which it does a little of everything, for the launcher to record which classes it
 * needs. Prints nothing.
 */
public final class Training {
    private Training() {}

    public static void main(String[] arguments) {
        new Main(
                        new Program(Program.DAEMON),
                        OutputStream.nullOutputStream(),
                        OutputStream.nullOutputStream(),
                        stop -> ShutdownSignals.handle(stop, Thread.currentThread()))
                .run(null, "--version");
    }
}

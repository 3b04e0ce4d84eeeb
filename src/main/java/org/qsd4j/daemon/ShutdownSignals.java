package org.qsd4j.daemon;

import org.qsd4j.sys.ProcessCalls;

/**
 * TERM, INT and HUP ask for an orderly end, which is the caller's to bring about with {@link Runtime#halt}. The JVM's own
 * handlers of these signals run the shutdown hooks; a hook that waits for the main thread makes room for that.
 */
final class ShutdownSignals {
    private static final int SIGHUP = 1;
    private static final int SIGINT = 2;
    private static final int SIGTERM = 15;
    private static final int[] NUMBERS = {SIGTERM, SIGHUP, SIGINT};

    private ShutdownSignals() {}

    /**
     * @param stop asks the main thread to end; runs on a thread of its own, once
     * @param main the thread that halts the JVM in the end
     */
    static void handle(Runnable stop, Thread main) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.run();
            waitFor(main);
        }));
        takeBackIgnored();
    }

    /**
     * A shell starts background jobs with INT ignored, nohup its command with HUP, and the JVM leaves it so. The real
     * daemon obeys these signals all the same.
     */
    private static void takeBackIgnored() {
        for (int handled : NUMBERS) {
            if (!ProcessCalls.isSignalIgnored(handled)) {
                for (int number : NUMBERS) {
                    ProcessCalls.copySignalAction(handled, number);
                }
                return;
            }
        }
    }

    private static void waitFor(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

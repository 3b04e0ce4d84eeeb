package org.qsd4j.export.fuse;

import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.IoThreadConfined;

/**
 * How long a queue looks for the next request before it sleeps: long enough to catch it if requests follow each other
 * quickly, not at all if they don't. The rules are those of QEMU's {@code poll-max-ns}, {@code poll-grow} and {@code
 * poll-shrink}.
 */
@IoThreadConfined
final class AdaptiveSpin {
    private static final long FIRST_NANOS = 4000;
    private static final long DEFAULT_GROW = 2;

    private final IoThread settings;
    private long nanos;

    AdaptiveSpin(IoThread settings) {
        this.settings = settings;
    }

    /** For how long to spin now, 0 for not at all. */
    long nanos() {
        return Math.min(nanos, settings.pollMaxNanos());
    }

    /** Learns from a wait that took {@code waited} in all, spinning included. */
    void waited(long waited) {
        long max = settings.pollMaxNanos();
        if (waited <= nanos) {
            return;
        }
        if (waited > max) {
            long divisor = settings.pollShrink();
            nanos = divisor == 0 ? 0 : nanos / divisor;
            return;
        }
        if (nanos < max) {
            long factor = settings.pollGrow() == 0 ? DEFAULT_GROW : settings.pollGrow();
            nanos = Math.min(max, nanos == 0 ? FIRST_NANOS : nanos * factor);
        }
    }
}

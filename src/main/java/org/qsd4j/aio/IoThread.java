package org.qsd4j.aio;

/**
 * A user's name for a thread of its own, with how long that thread spins before it sleeps. QEMU: {@code IOThread}. An
 * export that is put on it runs one queue, and so one thread, for each mention of it: two exports on one IoThread never
 * wait for each other, unlike in QEMU, where they share an event loop.
 *
 * <p>The poll parameters may change while queues run; each queue reads them when it next goes to sleep.
 */
@ThreadSafe
public final class IoThread {
    /** QEMU's default of {@code poll-max-ns}. */
    public static final long DEFAULT_POLL_MAX_NS = 32768;

    private final String id;
    private volatile long pollMaxNanos = DEFAULT_POLL_MAX_NS;
    private volatile long pollGrow;
    private volatile long pollShrink;

    public IoThread(String id) {
        this.id = id;
    }

    public String id() {
        return id;
    }

    /** The longest spin, 0 for none. */
    public long pollMaxNanos() {
        return pollMaxNanos;
    }

    /** @param nanos 0 or more */
    public void setPollMaxNanos(long nanos) {
        pollMaxNanos = nanos;
    }

    /** The factor by which the spin grows when it was too short; 0 means QEMU's own choice, 2. */
    public long pollGrow() {
        return pollGrow;
    }

    public void setPollGrow(long factor) {
        pollGrow = factor;
    }

    /** The divisor by which the spin shrinks when it was in vain; 0 means that it starts again from nothing. */
    public long pollShrink() {
        return pollShrink;
    }

    public void setPollShrink(long divisor) {
        pollShrink = divisor;
    }
}

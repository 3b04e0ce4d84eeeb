package org.qsd4j.block.driver.nbd;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.qsd4j.aio.ThreadSafe;

/**
 * The main loop never waits for a server that has gone silent: as long as it does wait, for a request of its own or for
 * those of others to end, a connection on which nothing comes for {@link #SECONDS} is cut. Who works through other threads
 * waits as long as the server pleases.
 */
@ThreadSafe
final class PatienceLimit {
    private static final long SECONDS = 10;
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(SECONDS);
    private static final Executor LOOK_AGAIN = CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS);

    /** The connection in question. */
    interface Source {
        ClientConnection connection();
    }

    private final Source source;

    /** Guarded by this, as is what follows. */
    private int waiting;

    private long sinceNanos;
    private boolean watching;

    PatienceLimit(Source source) {
        this.source = source;
    }

    /** The main loop waits, until {@link #end}. Nests. */
    synchronized void begin() {
        if (waiting++ == 0) {
            sinceNanos = System.nanoTime();
        }
        if (!watching) {
            watching = true;
            LOOK_AGAIN.execute(this::look);
        }
    }

    synchronized void end() {
        waiting--;
    }

    /** Whether it has waited so long that nothing should be begun. */
    synchronized boolean isOver() {
        return waiting > 0 && System.nanoTime() - sinceNanos >= LIMIT_NANOS;
    }

    private void look() {
        ClientConnection connection = source.connection();
        boolean tooLong;
        synchronized (this) {
            watching = waiting > 0;
            if (!watching) {
                return;
            }
            tooLong = System.nanoTime() - sinceNanos >= LIMIT_NANOS;
        }
        if (tooLong && connection.isSilentFor(LIMIT_NANOS)) {
            connection.kill();
        }
        LOOK_AGAIN.execute(this::look);
    }
}

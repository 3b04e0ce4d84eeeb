package org.qsd4j.chardev;

import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/** The main thread's waits for the first peer of a chardev with {@code wait=on}; whoever ends the daemon ends them. */
@ThreadSafe
final class PeerWait {
    private @Nullable CountDownLatch current;
    private boolean over;

    /** Returns when the peer is there; throws QapiException if {@link #end} comes first. One thread. */
    void await(CountDownLatch peer) {
        if (begin(peer)) {
            try {
                peer.await();
            } catch (InterruptedException e) {
                end();
                Thread.currentThread().interrupt();
            }
        }
        if (!finish()) {
            throw QapiException.fromErrno(Errno.EINTR, "Failed to accept a connection");
        }
    }

    private synchronized boolean begin(CountDownLatch peer) {
        current = peer;
        return !over;
    }

    private synchronized boolean finish() {
        current = null;
        return !over;
    }

    /** No wait lasts any longer. Any thread. */
    synchronized void end() {
        over = true;
        if (current != null) {
            current.countDown();
        }
    }
}

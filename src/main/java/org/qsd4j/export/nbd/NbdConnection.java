package org.qsd4j.export.nbd;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.qsd4j.nbd.NbdChannel;
import org.qsd4j.nbd.SocketChannel;

/**
 * One client, from accept to close, on a thread of its own. {@link #shutdown} may come from any thread; the thread itself
 * gives everything back.
 */
final class NbdConnection implements Runnable {
    private static final System.Logger LOG = System.getLogger(NbdConnection.class.getName());

    private final NbdListener listener;
    private final SocketChannel plain;

    /** The client has chosen its export in time. Written once by the connection's thread, read by the timer's. */
    private volatile boolean negotiated;

    NbdConnection(NbdListener listener, SocketChannel plain) {
        this.listener = listener;
        this.plain = plain;
    }

    @Override
    public void run() {
        ScheduledFuture<?> timeout = limitHandshake();
        try {
            Handshake handshake = new Handshake(this, plain, listener.exports(), listener.tls());
            NbdTarget target = null;
            try {
                target = handshake.run();
                negotiated = true;
                if (timeout != null) {
                    timeout.cancel(false);
                }
                if (target != null) {
                    new Transmission(target, handshake, listener.buffers()).run();
                }
            } finally {
                close(handshake.chosen(), handshake.channel());
            }
        } catch (Disconnect e) {
            LOG.log(System.Logger.Level.DEBUG, "NBD option negotiation failed: {0}", e.getMessage());
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "NBD connection failed", e);
        } finally {
            if (timeout != null) {
                timeout.cancel(false);
            }
            plain.close();
            listener.closed(this);
        }
    }

    private @Nullable ScheduledFuture<?> limitHandshake() {
        int seconds = listener.handshakeMaxSeconds();
        return seconds == 0 ? null : listener.timer().schedule(this::handshakeIsOver, seconds, TimeUnit.SECONDS);
    }

    private void handshakeIsOver() {
        if (!negotiated) {
            shutdown();
        }
    }

    private void close(@Nullable NbdTarget target, NbdChannel channel) {
        channel.shutdown();
        if (target != null) {
            target.detach(this);
        }
        channel.close();
    }

    /** For a connection whose thread could not be started. */
    void abandon() {
        plain.close();
        listener.closed(this);
    }

    /** Cuts the client off: whatever waits for it returns. Any thread. */
    void shutdown() {
        plain.shutdown();
    }
}

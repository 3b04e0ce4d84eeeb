package org.qsd4j.chardev;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.channel.Channel;
import java.util.concurrent.TimeUnit;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.util.Reporter;

/** Connects to somebody who listens, and if asked to, again and again. */
@SuppressWarnings("FutureReturnValueIgnored") // a failed attempt is handled where it is awaited
final class SocketClient implements SocketEndpoint {
    private final SocketTarget target;
    private final long reconnectMillis;
    private final Reporter reporter;
    private boolean failureReported;
    private volatile boolean closed;

    /** @param reconnectMillis how long to wait before the next try; 0 or less for no further try */
    SocketClient(SocketTarget target, long reconnectMillis, Reporter reporter) {
        this.target = target;
        this.reconnectMillis = reconnectMillis;
        this.reporter = reporter;
    }

    @Override
    public void open(SocketChardev chardev) {
        if (reconnectMillis > 0) {
            retry(chardev, 0);
            return;
        }
        SocketTarget.Connecting connecting = target.connect(chardev.loop());
        int errno = SocketErrors.await(connecting.done());
        if (errno != 0) {
            connecting.channel().close();
            throw failure(errno);
        }
        chardev.loop().submit(() -> connected(chardev, connecting.channel())).awaitUninterruptibly();
    }

    private QapiException failure(int errno) {
        return QapiException.fromErrno(errno, "Failed to connect to '%s'", target.shown());
    }

    private void connected(SocketChardev chardev, Channel channel) {
        if (closed) {
            // The chardev went while the connection was being made.
            channel.close();
            return;
        }
        failureReported = false;
        chardev.accept(channel);
    }

    @Override
    public void next(SocketChardev chardev) {
        if (reconnectMillis > 0) {
            retry(chardev, reconnectMillis);
        }
    }

    private void retry(SocketChardev chardev, long delayMillis) {
        chardev.loop().schedule(() -> attempt(chardev), delayMillis, TimeUnit.MILLISECONDS);
    }

    /** On a thread of its own: looking up a host's name may take long. */
    private void attempt(SocketChardev chardev) {
        if (closed) {
            return;
        }
        Thread thread = new Thread(() -> connect(chardev), "chardev " + chardev.id() + " connect");
        thread.setDaemon(true);
        thread.start();
    }

    private void connect(SocketChardev chardev) {
        try {
            SocketTarget.Connecting connecting = target.connect(chardev.loop());
            int errno = SocketErrors.await(connecting.done());
            if (errno != 0) {
                connecting.channel().close();
                throw failure(errno);
            }
            chardev.execute(() -> connected(chardev, connecting.channel()));
        } catch (QapiException e) {
            chardev.execute(() -> failed(chardev, e));
        } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
            // Whatever was short this time may be there the next time.
            chardev.execute(() -> failed(chardev, QapiException.generic("%s", String.valueOf(e))));
        }
    }

    private void failed(SocketChardev chardev, QapiException e) {
        if (!failureReported) {
            reporter.error("Unable to connect character device " + chardev.id() + ": " + e.desc());
            failureReported = true;
        }
        retry(chardev, reconnectMillis);
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public JsonNode address() {
        return target.address();
    }

    @Override
    public String filename() {
        return target.filename(null);
    }

    @Override
    public String filename(Channel peer) {
        return target.filenameOfPeer(peer, "");
    }
}

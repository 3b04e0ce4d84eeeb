package org.qsd4j.chardev;

import com.fasterxml.jackson.databind.node.BooleanNode;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qom.QomProperty;
import org.qsd4j.trace.TracePoint;

/**
 * A stream socket that serves one peer at a time; who comes meanwhile waits in the kernel's queue. QEMU: char-socket.c.
 * The socket thread, but for what says otherwise.
 */
final class SocketChardev extends Chardev {
    private static final long CLOSE_WAIT_MILLIS = 1000;

    private final EventLoop loop;
    private final CountDownLatch firstPeer = new CountDownLatch(1);
    private final SocketEndpoint endpoint;
    private final SocketLayers layers;

    /** Written on the socket thread. */
    private volatile @Nullable SocketPeer peer;

    /** Gives up a connection that isn't ready for bytes yet, if there is one. The socket thread. */
    private @Nullable Runnable beginning;

    private volatile boolean closing;

    SocketChardev(String id, ChardevLog log, EventLoop loop, SocketEndpoint endpoint, SocketLayers layers) {
        super(id, log);
        this.loop = loop;
        this.endpoint = endpoint;
        this.layers = layers;
    }

    /** Listens or connects; throws the reason why not. Main loop. */
    void open() {
        endpoint.open(this);
    }

    /** Is counted down when there is a first peer. */
    CountDownLatch firstPeer() {
        return firstPeer;
    }

    @Override
    public String filename() {
        SocketPeer connected = peer;
        return connected == null ? "disconnected:" + endpoint.filename() : connected.filename();
    }

    @Override
    public String qomType() {
        return "chardev-socket";
    }

    @Override
    public List<QomProperty> properties() {
        return List.of(
                new QomProperty("connected", "bool", () -> BooleanNode.valueOf(peer != null)),
                new QomProperty("addr", "SocketAddress", endpoint::address));
    }

    EventLoop loop() {
        return loop;
    }

    /** Whether there is a connection, ready for bytes or not. */
    boolean isTaken() {
        return peer != null || beginning != null;
    }

    /** The endpoint has a connection. */
    void accept(Channel connection) {
        layers.begin(this, connection, endpoint.filename(connection));
    }

    /** A connection isn't ready for bytes yet; {@code abort} gives it up. */
    void beginning(Runnable abort) {
        beginning = abort;
        if (closing) {
            abort.run();
        }
    }

    /** Nothing comes of the connection. */
    void failed(QapiException why) {
        if (TracePoint.CHARDEV_CONNECTION_FAILED.isOn()) {
            TracePoint.CHARDEV_CONNECTION_FAILED.log("chardev %s: %s", id(), why.desc());
        }
        beginning = null;
        awaitNext();
    }

    /** The connection is ready. */
    void connected(SocketPeer newPeer) {
        beginning = null;
        peer = newPeer;
        firstPeer.countDown();
        ChardevFrontend reader = frontend();
        if (reader != null) {
            newPeer.serve(reader);
        }
    }

    private void awaitNext() {
        if (!closing) {
            endpoint.next(this);
        }
    }

    void disconnected(SocketPeer gone) {
        if (peer == gone) {
            peer = null;
            awaitNext();
        } else if (peer == null && beginning != null) {
            beginning = null;
            awaitNext();
        }
    }

    @Override
    public void execute(Runnable task) {
        tryExecute(task);
    }

    /** The same; false if the socket thread has ended and the task never runs. */
    boolean tryExecute(Runnable task) {
        if (loop.inEventLoop()) {
            task.run();
            return true;
        }
        try {
            loop.execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            // Closed in the meantime: nobody is there to be served.
            return false;
        }
    }

    @Override
    void frontendAttached(ChardevFrontend attached) {
        SocketPeer connected = peer;
        if (connected != null) {
            connected.serve(attached);
        }
    }

    @Override
    void frontendDetached() {
        SocketPeer connected = peer;
        if (connected != null) {
            connected.abandon();
        }
    }

    @Override
    public void resumeInput() {
        SocketPeer connected = peer;
        if (connected != null) {
            connected.offer();
        }
    }

    @Override
    void send(byte[] bytes) {
        SocketPeer connected = peer;
        if (connected != null) {
            connected.send(bytes);
        }
    }

    @Override
    void closePeer() {
        closing = true;
        CountDownLatch done = new CountDownLatch(1);
        loop.execute(() -> {
            endpoint.close();
            if (beginning != null) {
                beginning.run();
            }
            SocketPeer connected = peer;
            if (connected == null) {
                done.countDown();
            } else {
                connected.closeWhenSent(done::countDown);
            }
        });
        try {
            done.await(CLOSE_WAIT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package org.qsd4j.chardev;

import com.fasterxml.jackson.databind.node.BooleanNode;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qom.QomProperty;

/**
 * A stream socket that serves one peer at a time; who comes meanwhile waits in the kernel's queue. QEMU: char-socket.c.
 * The socket thread, but for what says otherwise.
 */
final class SocketChardev extends Chardev {
    private static final long CLOSE_WAIT_MILLIS = 1000;

    private final EventLoop loop;
    private final CountDownLatch firstPeer = new CountDownLatch(1);
    private final SocketEndpoint endpoint;

    /** Written on the socket thread. */
    private volatile @Nullable SocketPeer peer;

    private volatile String filename;
    private volatile boolean closing;

    SocketChardev(String id, ChardevLog log, EventLoop loop, SocketEndpoint endpoint) {
        super(id, log);
        this.loop = loop;
        this.endpoint = endpoint;
        this.filename = "disconnected:" + endpoint.filename();
    }

    /** Listens or connects; throws the reason why not. Main loop. */
    void open() {
        endpoint.open(this);
        filename = "disconnected:" + endpoint.filename();
    }

    /** Is counted down when there is a first peer. */
    CountDownLatch firstPeer() {
        return firstPeer;
    }

    @Override
    public String filename() {
        return filename;
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

    boolean isConnected() {
        return peer != null;
    }

    /** The endpoint has a connection, which isn't registered with the loop yet. */
    void connected(SocketPeer newPeer) {
        peer = newPeer;
        filename = endpoint.filename(newPeer.channel());
        firstPeer.countDown();
        ChardevFrontend reader = frontend();
        if (reader != null) {
            newPeer.serve(reader);
        }
    }

    void disconnected(SocketPeer gone) {
        if (peer == gone) {
            peer = null;
            filename = "disconnected:" + endpoint.filename();
            if (!closing) {
                endpoint.next(this);
            }
        }
    }

    @Override
    public void execute(Runnable task) {
        if (loop.inEventLoop()) {
            task.run();
        } else {
            loop.execute(task);
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
            closeWhenSent(done);
        });
        try {
            done.await(CLOSE_WAIT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A peer that still reads gets the answers that are under way. */
    private void closeWhenSent(CountDownLatch done) {
        SocketPeer connected = peer;
        if (connected == null) {
            done.countDown();
            return;
        }
        Channel channel = connected.channel();
        channel.write(Unpooled.EMPTY_BUFFER)
                .addListener(sent -> channel.close().addListener(closed -> done.countDown()));
        channel.flush();
    }
}

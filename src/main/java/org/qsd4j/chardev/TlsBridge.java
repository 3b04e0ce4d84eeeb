package org.qsd4j.chardev;

import java.util.concurrent.CompletableFuture;
import org.qsd4j.nbd.NbdChannel;
import org.qsd4j.nbd.SocketChannel;
import org.qsd4j.nbd.TlsChannel;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.sys.SocketPair;
import org.qsd4j.sys.Sockets;
import org.qsd4j.sys.SysException;

/**
 * A TLS connection seen as a plain one: two threads carry what goes each way between it and one end of a pair of sockets,
 * whose other end the socket thread serves like any other connection. A monitor's few messages want no more; what stays
 * unread on one side holds up the other one, so that memory is bounded.
 */
final class TlsBridge {
    private static final int BUFFER_BYTES = 16 << 10;

    /** Is told what came of the handshake, on some thread. */
    interface Listener {
        /** @param fd stands for the connection; the receiver's to close */
        void ready(TlsBridge bridge, int fd);

        void failed(QapiException why);
    }

    private final TlsSide side;
    private final String chardev;
    private final SocketChannel remote;
    private final SocketChannel near;
    private final SocketPair pair;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private TlsBridge(TlsSide side, String chardev, SocketChannel remote, SocketPair pair) {
        this.side = side;
        this.chardev = chardev;
        this.remote = remote;
        this.near = new SocketChannel(pair.first());
        this.pair = pair;
    }

    /**
     * Shakes hands on a thread of its own.
     *
     * @param remote the connection, taken over unless this throws
     */
    static TlsBridge start(TlsSide side, String chardev, SocketChannel remote, Listener listener) throws SysException {
        TlsBridge bridge = new TlsBridge(side, chardev, remote, SocketPair.open());
        bridge.thread("tls", () -> bridge.run(listener));
        return bridge;
    }

    /** Is complete when the last byte is sent and the connection closed. Any thread. */
    CompletableFuture<Void> ended() {
        return ended;
    }

    /** Ends the handshake or the connection, whichever it is at. Any thread. */
    void abort() {
        remote.shutdown();
    }

    private Thread thread(String what, Runnable task) {
        Thread thread = new Thread(task, "chardev " + chardev + " " + what);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void run(Listener listener) {
        TlsChannel tls;
        try {
            tls = side.start(remote);
        } catch (QapiException e) {
            remote.close();
            near.close();
            new SocketChannel(pair.second()).close();
            ended.complete(null);
            listener.failed(e);
            return;
        }
        Thread input = thread("tls input", () -> receiveAll(tls));
        listener.ready(this, pair.second());
        carry(near, tls);
        // Both ends wake up whoever still waits for one of them, before the descriptors go.
        near.shutdown();
        tls.shutdown();
        joinUninterruptibly(input);
        near.close();
        tls.close();
        ended.complete(null);
    }

    private void receiveAll(TlsChannel tls) {
        carry(tls, near);
        Sockets.shutdownSending(pair.first());
    }

    private static void carry(NbdChannel from, NbdChannel to) {
        NativeBuffer buffer = NativeBuffer.allocate(BUFFER_BYTES);
        int bytes = from.receive(buffer, 0, BUFFER_BYTES);
        while (bytes > 0 && to.send(buffer, 0, bytes, null, 0, 0) == 0) {
            bytes = from.receive(buffer, 0, BUFFER_BYTES);
        }
    }

    private static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

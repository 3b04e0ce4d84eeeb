package org.qsd4j.block.driver.nbd;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.nbd.SocketChannel;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * A node's way to its server: the connection, and the next one when that is lost. After a violation of the protocol there
 * is no next one.
 *
 * <p>The main loop, which is the thread that has opened the link, waits for a server only within limits ({@link
 * PatienceLimit}), and not at all for a reconnection that others are at.
 */
@ThreadSafe
final class ServerLink {
    private static final long HANDSHAKE_MILLIS = 10_000;
    private static final long HURRIED_HANDSHAKE_MILLIS = 1_000;
    private static final long RETRY_MILLIS = 1_000;

    private final ServerOptions options;
    private final long reconnectNanos;
    private final Thread mainLoop = Thread.currentThread();
    private final ServerInfo info;
    private final PatienceLimit patience = new PatienceLimit(() -> this.connection);

    /** Held by who reconnects, for as long as that takes. */
    private final ReentrantLock reconnecting = new ReentrantLock();

    /** Guarded by {@link #reconnecting} for writing, as is what follows. */
    private volatile ClientConnection connection;

    private long lostAtNanos;
    private long triedAtNanos;
    private volatile boolean closed;

    /** @throws QapiException if there is no such server or export */
    private ServerLink(ServerOptions options, long reconnectSeconds, ClientConnection connection) {
        this.options = options;
        this.reconnectNanos = TimeUnit.SECONDS.toNanos(reconnectSeconds);
        this.connection = connection;
        this.info = connection.server();
    }

    /**
     * Connects.
     *
     * @param openSeconds how long to go on trying; 0: once
     * @throws QapiException for the last attempt's failure
     */
    static ServerLink open(ServerOptions options, long openSeconds, long reconnectSeconds) {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(openSeconds);
        while (true) {
            try {
                return new ServerLink(options, reconnectSeconds, connect(options, HANDSHAKE_MILLIS));
            } catch (QapiException e) {
                if (deadlineNanos - System.nanoTime() < TimeUnit.MILLISECONDS.toNanos(RETRY_MILLIS) || !pause()) {
                    throw e;
                }
            }
        }
    }

    private static ClientConnection connect(ServerOptions options, long millis) {
        int fd = options.address().connect(millis);
        SocketChannel channel = new SocketChannel(fd);
        AtomicBoolean settled = new AtomicBoolean();
        Executor later = CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS);
        later.execute(() -> {
            if (!settled.get()) {
                channel.shutdown();
            }
        });
        boolean done = false;
        ClientHandshake handshake = new ClientHandshake(channel, options.tls(), options.export(), options.context());
        try {
            ServerInfo info = handshake.run();
            handshake.channel().setReceiveTimeout(0);
            done = true;
            return new ClientConnection(handshake.channel(), info);
        } finally {
            settled.set(true);
            if (!done) {
                handshake.channel().close();
            }
        }
    }

    ServerInfo info() {
        return info;
    }

    /** One request, sent again on a new connection if the old one is lost and it pays to wait: 0 or -errno. */
    int request(int type, int flags, long offset, long length, @Nullable NativeBuffer data, int at) {
        return request(type, flags, offset, length, data, at, null);
    }

    /** The first extent at {@code offset}, as the block layer wants it. */
    int blockStatus(long offset, long bytes, BlockStatus status, BlockNode node) {
        int result = request(Nbd.NBD_CMD_BLOCK_STATUS, Nbd.NBD_CMD_FLAG_REQ_ONE, offset, bytes, null, 0, status);
        if (result < 0) {
            return result;
        }
        boolean hole = (status.flags & Nbd.NBD_STATE_HOLE) != 0;
        boolean zero = (status.flags & Nbd.NBD_STATE_ZERO) != 0;
        int flags = (hole ? 0 : BlockStatus.DATA) | (zero ? BlockStatus.ZERO : 0) | BlockStatus.OFFSET_VALID;
        status.set(flags, status.bytes, offset, node);
        return 0;
    }

    /** {@code extent} gets the first extent's length and the context's own flags. */
    private int request(
            int type,
            int flags,
            long offset,
            long length,
            @Nullable NativeBuffer data,
            int at,
            @Nullable BlockStatus extent) {
        if (Thread.currentThread() != mainLoop) {
            return perform(type, flags, offset, length, data, at, extent);
        }
        beginHurry();
        try {
            return perform(type, flags, offset, length, data, at, extent);
        } finally {
            endHurry();
        }
    }

    private int perform(
            int type,
            int flags,
            long offset,
            long length,
            @Nullable NativeBuffer data,
            int at,
            @Nullable BlockStatus extent) {
        while (true) {
            ClientConnection current = connection;
            int result = ClientConnection.LOST;
            try {
                ClientRequest request = current.acquire();
                if (request != null) {
                    try {
                        result = current.perform(request, type, flags, offset, length, data, at);
                        if (result == 0 && extent != null) {
                            if (request.extentBytes == 0) {
                                return -Errno.EIO;
                            }
                            extent.set((int) request.extentFlags, request.extentBytes, 0, null);
                        }
                    } finally {
                        current.release(request);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return -Errno.EINTR;
            }
            if (result != ClientConnection.LOST) {
                return result;
            }
            if (!reconnect(current)) {
                return -Errno.EIO;
            }
        }
    }

    /** The main loop waits for requests of this link, until {@link #endHurry}. Nests. */
    void beginHurry() {
        patience.begin();
    }

    void endHurry() {
        patience.end();
    }

    /**
     * Makes a new connection in place of a lost one, unless somebody else has.
     *
     * @return false: the request fails
     */
    private boolean reconnect(ClientConnection lost) {
        boolean hurried = Thread.currentThread() == mainLoop;
        if (!hurried) {
            reconnecting.lock();
        } else if (!reconnecting.tryLock()) {
            return false;
        }
        try {
            return reconnect(lost, hurried);
        } finally {
            reconnecting.unlock();
        }
    }

    private boolean reconnect(ClientConnection lost, boolean hurried) {
        if (lost == connection && lostAtNanos == 0) {
            lostAtNanos = System.nanoTime();
            if (reconnectNanos == 0) {
                // What was in flight fails; the next request is the one that tries.
                return false;
            }
        }
        while (lost == connection) {
            if (closed || lost.isViolated() || patience.isOver()) {
                return false;
            }
            long now = System.nanoTime();
            boolean due = triedAtNanos == 0 || now - triedAtNanos >= TimeUnit.MILLISECONDS.toNanos(RETRY_MILLIS);
            if (due && tryToConnect(hurried ? HURRIED_HANDSHAKE_MILLIS : HANDSHAKE_MILLIS)) {
                return true;
            }
            if (hurried || now - lostAtNanos >= reconnectNanos || !pause()) {
                return false;
            }
        }
        return !closed;
    }

    private boolean tryToConnect(long millis) {
        triedAtNanos = System.nanoTime();
        try {
            ClientConnection next = connect(options, millis);
            if (!next.server().equals(info)) {
                // Another image, or another server: none of what the node has said would be true.
                next.disconnect();
                return false;
            }
            connection = next;
            lostAtNanos = 0;
            triedAtNanos = 0;
            return true;
        } catch (QapiException e) {
            return false;
        }
    }

    private static boolean pause() {
        try {
            Thread.sleep(RETRY_MILLIS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Ends it; requests that still wait fail. */
    void close() {
        closed = true;
        connection.disconnect();
    }
}

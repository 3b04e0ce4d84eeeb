package org.qsd4j.block.driver.nbd;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.nbd.NbdChannel;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.nbd.wire.RequestHeader;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * The transmission phase on the client's side: up to 16 requests in flight from as many threads. There is no thread of
 * its own: of those that wait for replies one receives, for itself and for the others, and hands that duty on when its
 * own reply has come.
 */
@ThreadSafe
final class ClientConnection {
    /** The connection is gone; the request may not have been done. */
    static final int LOST = -Errno.ENOTCONN;

    private static final int MAX_REQUESTS = 16;

    private final NbdChannel channel;
    private final ServerInfo server;
    private final ReplyReceiver receiver;
    private final Object sending = new Object();
    private final NativeBuffer header = NativeBuffer.allocate(RequestHeader.EXTENDED_SIZE);
    private final ClientRequest[] requests = new ClientRequest[MAX_REQUESTS];

    /** Guarded by this, as is what follows. */
    private @Nullable ClientRequest free;

    private boolean receiving;
    private boolean dead;
    private boolean violated;
    private int users;
    private boolean closed;

    /** When the last reply came, or the first request after a pause began, on {@link System#nanoTime}'s clock. */
    private volatile long lastReplyNanos = System.nanoTime();

    ClientConnection(NbdChannel channel, ServerInfo server) {
        this.channel = channel;
        this.server = server;
        this.receiver = new ReplyReceiver(channel, server, this::find);
        for (int i = 0; i < MAX_REQUESTS; i++) {
            requests[i] = new ClientRequest(i);
            requests[i].nextFree = free;
            free = requests[i];
        }
    }

    ServerInfo server() {
        return server;
    }

    synchronized boolean isAlive() {
        return !dead;
    }

    /** Whether the server has broken the protocol. */
    synchronized boolean isViolated() {
        return violated;
    }

    /** The request that waits under this cookie. Called by the receiving thread only. */
    private synchronized @Nullable ClientRequest find(long cookie) {
        int index = (int) cookie;
        if (index < 0 || index >= MAX_REQUESTS) {
            return null;
        }
        ClientRequest request = requests[index];
        return request.waiter != null && !request.done && request.cookie() == cookie ? request : null;
    }

    /** Whether requests wait and no reply has come for that long. */
    synchronized boolean isSilentFor(long nanos) {
        return users > 0 && System.nanoTime() - lastReplyNanos >= nanos;
    }

    /** A place for a request, the caller's until {@link #release}, or null if the connection is dead. */
    synchronized @Nullable ClientRequest acquire() throws InterruptedException {
        while (free == null && !dead) {
            wait();
        }
        ClientRequest request = free;
        if (dead || request == null) {
            return null;
        }
        free = request.nextFree;
        if (users++ == 0) {
            lastReplyNanos = System.nanoTime();
        }
        request.waiter = Thread.currentThread();
        return request;
    }

    synchronized void release(ClientRequest request) {
        request.waiter = null;
        request.data = null;
        request.nextFree = free;
        free = request;
        users--;
        if (dead) {
            closeIfUnused();
        }
        notifyAll();
    }

    /**
     * Sends a request and waits for its reply: 0, -errno, or {@link #LOST}.
     *
     * @param payload what a write sends, or where a read's data go; null for the rest
     */
    int perform(
            ClientRequest request,
            int type,
            int flags,
            long offset,
            long length,
            @Nullable NativeBuffer payload,
            int at) {
        boolean write = type == Nbd.NBD_CMD_WRITE;
        synchronized (this) {
            request.begin(type, offset, length);
            request.data = write ? null : payload;
            request.at = at;
        }
        int wireFlags = write && server.extended() ? flags | Nbd.NBD_CMD_FLAG_PAYLOAD_LEN : flags;
        int result;
        synchronized (sending) {
            int bytes =
                    RequestHeader.put(header, 0, server.extended(), wireFlags, type, request.cookie(), offset, length);
            result = channel.send(header, 0, bytes, write ? payload : null, at, write ? (int) length : 0);
        }
        if (result < 0) {
            kill();
        }
        return await(request);
    }

    private int await(ClientRequest request) {
        while (true) {
            boolean lead;
            synchronized (this) {
                if (request.done) {
                    passOn();
                    return complete(request);
                }
                if (dead && !receiving) {
                    return LOST;
                }
                lead = !receiving;
                receiving |= lead;
            }
            if (lead) {
                receive();
            } else {
                LockSupport.park(this);
            }
        }
    }

    /** A read that was answered only in part is not answered. */
    private static int complete(ClientRequest request) {
        boolean read = request.type == Nbd.NBD_CMD_READ;
        return request.result == 0 && read && request.received < request.length ? -Errno.EIO : request.result;
    }

    private void receive() {
        int result = receiver.receive();
        ClientRequest completed = receiver.completed();
        lastReplyNanos = System.nanoTime();
        synchronized (this) {
            receiving = false;
            if (completed != null) {
                completed.done = true;
                LockSupport.unpark(completed.waiter);
            }
            if (result < 0) {
                violated |= result == ReplyReceiver.VIOLATION;
                die();
            }
            if (dead) {
                wakeAll();
            }
        }
    }

    /** Somebody else has to receive now. */
    private void passOn() {
        if (!receiving) {
            for (ClientRequest other : requests) {
                if (other.waiter != null && !other.done) {
                    LockSupport.unpark(other.waiter);
                    return;
                }
            }
        }
    }

    /** Ends the connection; whoever waits gets {@link #LOST}. */
    synchronized void kill() {
        die();
    }

    private void die() {
        if (!dead) {
            dead = true;
            channel.shutdown();
            wakeAll();
            notifyAll();
            closeIfUnused();
        }
    }

    private void wakeAll() {
        for (ClientRequest request : requests) {
            LockSupport.unpark(request.waiter);
        }
    }

    /** The descriptor's number must not be used again as long as a thread may read from it. */
    private void closeIfUnused() {
        if (users == 0 && !closed) {
            closed = true;
            channel.close();
        }
    }

    /** Says goodbye, if nobody is in the middle of a request, and ends the connection. */
    void disconnect() {
        boolean polite;
        synchronized (this) {
            polite = !dead && users == 0;
        }
        if (polite) {
            synchronized (sending) {
                int bytes = RequestHeader.put(header, 0, server.extended(), 0, Nbd.NBD_CMD_DISC, 0, 0, 0);
                channel.send(header, 0, bytes);
            }
        }
        kill();
    }
}

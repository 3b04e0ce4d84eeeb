package org.qsd4j.nbd;

import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.GnuTls;
import org.qsd4j.sys.GnuTlsSession;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.sys.Sockets;
import org.qsd4j.tls.TlsCreds;
import org.qsd4j.tls.TlsHandshake;

/**
 * A stream under TLS. Records are read into and written from where the data are; the session holds one record each way.
 *
 * <p>The socket doesn't block: whoever waits, waits in poll(2), outside the lock. So a receiving thread and a sending one
 * take turns in the session, which isn't made for two, without waiting for each other's peer.
 */
public final class TlsChannel implements NbdChannel {
    /** The longest record's payload. */
    private static final int RECORD_BYTES = 16 << 10;

    private final SocketChannel socket;
    private final NativeBuffer receivePoll = NativeBuffer.allocate(8);
    private final NativeBuffer sendPoll = NativeBuffer.allocate(8);

    /** A message's beginning and as much of what follows as fits: one record in place of two. */
    private final NativeBuffer record = NativeBuffer.allocate(RECORD_BYTES);

    private volatile int receiveMillis = -1;

    /** Guarded by this, as is what follows. */
    private final GnuTlsSession session;

    private boolean closed;
    private int lastError;

    private TlsChannel(SocketChannel socket, GnuTlsSession session) {
        this.socket = socket;
        this.session = session;
    }

    /**
     * Takes the socket over if the handshake succeeds; ends when the socket is shut down.
     *
     * @param hostname what a server's certificate must name; null if any name is good
     * @param peer decides about clients; null if all are good
     * @throws QapiException if there is no way to agree, or the peer is the wrong one
     */
    public static TlsChannel start(
            SocketChannel socket, TlsCreds creds, @Nullable String hostname, TlsHandshake.@Nullable PeerCheck peer) {
        socket.setNonBlocking();
        return new TlsChannel(socket, TlsHandshake.run(creds, socket.fd(), hostname, peer));
    }

    @Override
    public int receive(NativeBuffer into, int at, int atMost) {
        while (true) {
            int got = receiveNow(into, at, atMost);
            if (got != -Errno.EAGAIN) {
                return got;
            }
            int ready = Sockets.poll(socket.fd(), Sockets.POLLIN, receivePoll, receiveMillis);
            if (ready == 0) {
                return -Errno.EAGAIN;
            }
            if (ready < 0 && ready != -Errno.EINTR) {
                return ready;
            }
        }
    }

    @Override
    public synchronized int receiveNow(NativeBuffer into, int at, int atMost) {
        if (closed) {
            return -Errno.EBADF;
        }
        int got;
        do {
            got = session.receive(into.address(at, atMost), atMost);
        } while (got == GnuTls.E_INTERRUPTED);
        if (got >= 0) {
            return got;
        }
        lastError = got;
        // Another handshake in the middle of the stream, which a peer may ask for, isn't fatal to the library, but to
        // us.
        return got == GnuTls.E_AGAIN ? -Errno.EAGAIN : -Errno.EIO;
    }

    @Override
    public int send(NativeBuffer first, int firstAt, int firstBytes, @Nullable NativeBuffer second, int at, int bytes) {
        if (second == null || firstBytes >= RECORD_BYTES) {
            int result = sendPiece(first, firstAt, firstBytes);
            return result < 0 || second == null ? result : sendPiece(second, at, bytes);
        }
        int joined = Math.min(bytes, RECORD_BYTES - firstBytes);
        record.copyFrom(0, first, firstAt, firstBytes);
        record.copyFrom(firstBytes, second, at, joined);
        int result = sendPiece(record, 0, firstBytes + joined);
        return result < 0 ? result : sendPiece(second, at + joined, bytes - joined);
    }

    private int sendPiece(NativeBuffer piece, int at, int bytes) {
        for (int done = 0; done < bytes; ) {
            int sent = sendRecord(piece.address(at + done, bytes - done), bytes - done);
            if (sent == -Errno.EAGAIN) {
                int ready = Sockets.poll(socket.fd(), Sockets.POLLOUT, sendPoll, -1);
                if (ready < 0 && ready != -Errno.EINTR) {
                    return ready;
                }
            } else if (sent < 0) {
                return sent;
            } else {
                done += sent;
            }
        }
        return 0;
    }

    private synchronized int sendRecord(long address, int bytes) {
        if (closed) {
            return -Errno.EBADF;
        }
        int sent = session.send(address, bytes);
        if (sent >= 0) {
            return sent;
        }
        return sent == GnuTls.E_AGAIN || sent == GnuTls.E_INTERRUPTED ? -Errno.EAGAIN : -Errno.EPIPE;
    }

    @Override
    public void setReceiveTimeout(long millis) {
        receiveMillis = millis == 0 ? -1 : (int) millis;
    }

    @Override
    public synchronized String receiveFailure(int result) {
        return "Cannot read from TLS channel: " + (lastError == 0 ? Errno.message(-result) : GnuTls.message(lastError));
    }

    @Override
    public void shutdown() {
        socket.shutdown();
    }

    @Override
    public void close() {
        synchronized (this) {
            if (!closed) {
                closed = true;
                session.close();
            }
        }
        socket.close();
    }
}

package org.qsd4j.nbd;

import org.jspecify.annotations.Nullable;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.sys.SendVector;
import org.qsd4j.sys.Sockets;

/** A connected stream socket, blocking, without anything in between. */
public final class SocketChannel implements NbdChannel {
    /** Asked for in each direction: a few big requests fit, so that neither side waits for the other's every step. */
    private static final int SOCKET_BUFFER_BYTES = 2 << 20;

    private final int fd;
    private final SendVector vector = new SendVector();

    /** Guarded by this: after it is set, the number may belong to somebody else. */
    private boolean closed;

    /** Takes the descriptor over. */
    public SocketChannel(int fd) {
        this.fd = fd;
        Sockets.setBufferSizes(fd, SOCKET_BUFFER_BYTES);
        Sockets.setNoDelay(fd);
    }

    int fd() {
        return fd;
    }

    /** For whoever puts something on top of it; its own receive and send don't wait then. */
    void setNonBlocking() {
        Sockets.setNonBlocking(fd);
    }

    @Override
    public int receive(NativeBuffer into, int at, int atMost) {
        return receive(into, at, atMost, 0);
    }

    @Override
    public int receiveNow(NativeBuffer into, int at, int atMost) {
        return receive(into, at, atMost, Sockets.MSG_DONTWAIT);
    }

    private int receive(NativeBuffer into, int at, int atMost, int flags) {
        long address = into.address(at, atMost);
        long result;
        do {
            result = Sockets.recv(fd, address, atMost, flags);
        } while (result == -Errno.EINTR);
        return (int) result;
    }

    @Override
    public int send(NativeBuffer first, int firstAt, int firstBytes, @Nullable NativeBuffer second, int at, int bytes) {
        return vector.sendAll(fd, first, firstAt, firstBytes, second, at, bytes);
    }

    /** Sends wait for ever from then on, too. */
    @Override
    public void setReceiveTimeout(long millis) {
        Sockets.setTimeouts(fd, millis, 0);
    }

    @Override
    public String receiveFailure(int result) {
        return "Unable to read from socket: " + Errno.message(-result);
    }

    @Override
    public synchronized void shutdown() {
        if (!closed) {
            Sockets.shutdown(fd);
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            Libc.close(fd);
        }
    }
}

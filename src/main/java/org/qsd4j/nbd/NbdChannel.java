package org.qsd4j.nbd;

import org.jspecify.annotations.Nullable;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * The stream of bytes below the protocol. One thread receives at a time, and one sends; {@link #shutdown} may come from
 * any. Results are counts, or -errno.
 */
public interface NbdChannel {
    /** Waits for at least one byte: how many came, 0 at the peer's end of stream, or -errno. */
    int receive(NativeBuffer into, int at, int atMost);

    /** Like {@link #receive}, but -EAGAIN where it would wait. */
    int receiveNow(NativeBuffer into, int at, int atMost);

    /** Sends all of the first piece, then all of the second: 0 or -errno. */
    int send(NativeBuffer first, int firstAt, int firstBytes, @Nullable NativeBuffer second, int at, int bytes);

    /** A receive that waits longer fails with EAGAIN. 0: it waits for ever, as at first. */
    void setReceiveTimeout(long millis);

    /** In words, why a receive has failed: it has just returned {@code result}. The receiving thread. */
    String receiveFailure(int result);

    /** Ends both directions; whoever waits in this channel returns. Any thread, any number of times. */
    void shutdown();

    /** Gives the descriptor back. Only when no thread uses the channel any more. */
    void close();

    /** Receives exactly {@code bytes}: 0, -ECONNRESET if the stream ends before, or -errno. */
    default int receiveAll(NativeBuffer into, int at, int bytes) {
        int got = 0;
        while (got < bytes) {
            int result = receive(into, at + got, bytes - got);
            if (result <= 0) {
                return result == 0 ? -Errno.ECONNRESET : result;
            }
            got += result;
        }
        return 0;
    }

    /** Sends one piece: 0 or -errno. */
    default int send(NativeBuffer piece, int at, int bytes) {
        return send(piece, at, bytes, null, 0, 0);
    }
}

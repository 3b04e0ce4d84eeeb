package org.qsd4j.export.nbd;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.qsd4j.nbd.NbdChannel;
import org.qsd4j.nbd.wire.RequestHeader;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * Bytes from the client, read ahead so that one call takes in many small requests. Headers are parsed where they are;
 * payloads are copied into their slot, the part of a big one that hasn't come yet without the detour. Confined to the
 * connection's thread.
 */
final class RequestReader {
    private static final int AHEAD_BYTES = 64 << 10;

    /** Before the thread sleeps it looks for the next request for that long: a wake-up costs more. */
    private static final long SPIN_NANOS = TimeUnit.MICROSECONDS.toNanos(24);

    /**
     * Connections of this process in the transmission phase. Spinning pays as long as whoever it waits for has a processor
     * left to run on.
     */
    private static final AtomicInteger CONNECTIONS = new AtomicInteger();

    private static final int MOST_SPINNING = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);

    private final NbdChannel channel;
    private final ReplyStream replies;
    private final NativeBuffer ahead = NativeBuffer.allocate(AHEAD_BYTES);
    private int position;
    private int limit;

    RequestReader(NbdChannel channel, ReplyStream replies) {
        this.channel = channel;
        this.replies = replies;
        CONNECTIONS.incrementAndGet();
    }

    /** Nothing will be read any more. */
    void close() {
        CONNECTIONS.decrementAndGet();
    }

    /** Reads a header into the slot: 0, or -errno at the stream's end. The magic is the caller's to check. */
    int readHeader(RequestSlot slot, boolean extended) {
        int size = RequestHeader.size(extended);
        int result = require(size);
        if (result < 0) {
            return result;
        }
        slot.flags = RequestHeader.flags(ahead, position);
        slot.type = RequestHeader.type(ahead, position);
        slot.cookie = RequestHeader.cookie(ahead, position);
        slot.offset = RequestHeader.offset(ahead, position);
        slot.length = RequestHeader.length(ahead, position, extended);
        slot.magic = RequestHeader.magic(ahead, position);
        position += size;
        return 0;
    }

    /** Makes sure that {@code bytes} lie at {@link #position}: 0 or -errno. */
    private int require(int bytes) {
        while (limit - position < bytes) {
            compact();
            int got = fill();
            if (got <= 0) {
                return got == 0 ? -Errno.ECONNRESET : got;
            }
            limit += got;
        }
        return 0;
    }

    private void compact() {
        if (position == limit) {
            position = 0;
            limit = 0;
        } else if (position > 0) {
            ahead.copyFrom(0, ahead, position, limit - position);
            limit -= position;
            position = 0;
        }
    }

    /** Replies that wait go out before the thread may have to. */
    private int fill() {
        int got = channel.receiveNow(ahead, limit, AHEAD_BYTES - limit);
        if (got != -Errno.EAGAIN) {
            return got;
        }
        replies.flush();
        got = spin();
        return got == -Errno.EAGAIN ? channel.receive(ahead, limit, AHEAD_BYTES - limit) : got;
    }

    private int spin() {
        int got = -Errno.EAGAIN;
        if (CONNECTIONS.get() <= MOST_SPINNING) {
            long end = System.nanoTime() + SPIN_NANOS;
            do {
                Thread.onSpinWait();
                got = channel.receiveNow(ahead, limit, AHEAD_BYTES - limit);
            } while (got == -Errno.EAGAIN && System.nanoTime() - end < 0);
        }
        return got;
    }

    /** Reads exactly {@code bytes} of payload: 0 or -errno. */
    int readPayload(NativeBuffer into, int bytes) {
        int buffered = Math.min(bytes, limit - position);
        into.copyFrom(0, ahead, position, buffered);
        position += buffered;
        if (buffered == bytes) {
            return 0;
        }
        // The client may wait for a reply before it sends the rest.
        replies.flush();
        return channel.receiveAll(into, buffered, bytes - buffered);
    }

    /** Reads payload that nobody wants: 0 or -errno. */
    int skipPayload(RequestSlot slot, int bytes) {
        NativeBuffer scratch = slot.data(BufferPool.SMALLEST);
        for (int left = bytes; left > 0; ) {
            int piece = Math.min(left, BufferPool.SMALLEST);
            int result = readPayload(scratch, piece);
            if (result < 0) {
                return result;
            }
            left -= piece;
        }
        return 0;
    }
}

package org.qsd4j.export.nbd;

import org.qsd4j.nbd.NbdChannel;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.sys.NativeBuffer;

/**
 * The transmission phase of one connection: reads requests and sees that each is answered, until the client leaves or
 * breaks the protocol. Confined to the connection's thread.
 *
 * <p>The reader serves requests itself as long as they are quick, several for each system call on the socket; those that
 * keep it waiting go to workers ({@link ServiceTimes} decides). At most 16 are in flight, and each holds at most {@link
 * RequestSlot#BUFFER_BYTES}: when all slots are taken nothing more is read, so that the client feels it.
 */
final class Transmission {
    /** A payload of BLOCK_STATUS: the effective length, then ids. More than that many ids can't be right. */
    private static final int MAX_STATUS_PAYLOAD = 8 + 4 * Long.SIZE;

    private static final long ALL_CONTEXTS = -1;

    private final MetaContexts contexts;
    private final boolean extended;
    private final BufferPool pool;
    private final ReplyStream replies;
    private final RequestReader reader;
    private final RequestCheck check;
    private final RequestExecutor executor;
    private final ServiceTimes times = new ServiceTimes();
    private final RequestWorkers workers;

    Transmission(NbdTarget target, Handshake handshake, BufferPool pool) {
        this.contexts = handshake.metaContexts();
        this.extended = handshake.extendedHeaders();
        this.pool = pool;
        NbdChannel channel = handshake.channel();
        this.replies = new ReplyStream(channel, handshake.structuredReplies(), extended);
        this.reader = new RequestReader(channel, replies);
        this.check = new RequestCheck(target, handshake.structuredReplies(), extended, contexts.any());
        this.executor = new RequestExecutor(target, replies, new ExtentCollector(target, contexts, extended), pool);
        this.workers = new RequestWorkers(Thread.currentThread().getName() + "w", executor, times, pool);
    }

    /** Returns when the connection has to be closed; nothing of it is in flight any more. */
    void run() {
        RequestSlot slot = new RequestSlot(pool);
        try {
            while (receive(slot)) {
                if (slot.error != Nbd.NBD_SUCCESS) {
                    replies.error(slot, slot.error, slot.errorText);
                } else if (times.isSlow(slot)) {
                    replies.flush();
                    slot = workers.exchange(slot);
                } else {
                    executor.execute(slot);
                    times.record(slot);
                }
            }
            replies.flush();
        } finally {
            reader.close();
            workers.stop();
            slot.releaseBuffer();
        }
    }

    /** Reads one request with its payload and checks it; false when the connection is over. */
    private boolean receive(RequestSlot slot) {
        while (reader.readHeader(slot, extended) >= 0) {
            slot.contexts = ALL_CONTEXTS;
            slot.payload = 0;
            int expected = extended ? Nbd.NBD_EXTENDED_REQUEST_MAGIC : Nbd.NBD_REQUEST_MAGIC;
            if (slot.magic != expected) {
                replies.error(
                        slot,
                        Nbd.NBD_EINVAL,
                        String.format("invalid magic (got 0x%x, expected 0x%x)", slot.magic, expected));
                return false;
            }
            if (slot.type == Nbd.NBD_CMD_DISC) {
                return false;
            }
            if (!hasPayload(slot)) {
                check.check(slot);
                return true;
            }
            if (Long.compareUnsigned(slot.length, Nbd.NBD_MAX_BUFFER_SIZE) > 0) {
                // Reading that much only to refuse it would do the client a favour at everybody's cost.
                replies.error(slot, Nbd.NBD_EINVAL, RequestCheck.tooLong(slot.length));
                return false;
            }
            slot.payload = (int) slot.length;
            if (slot.isWrite() && slot.payload > RequestSlot.BUFFER_BYTES) {
                if (!writeInPieces(slot)) {
                    return false;
                }
            } else {
                return receivePayload(slot) >= 0;
            }
        }
        return false;
    }

    private boolean hasPayload(RequestSlot slot) {
        return slot.isWrite() || (extended && slot.has(Nbd.NBD_CMD_FLAG_PAYLOAD_LEN));
    }

    private int receivePayload(RequestSlot slot) {
        int payload = slot.payload;
        if (slot.type == Nbd.NBD_CMD_BLOCK_STATUS) {
            return receiveContexts(slot, payload);
        }
        check.check(slot);
        if (slot.error != Nbd.NBD_SUCCESS) {
            return reader.skipPayload(slot, payload);
        }
        return payload == 0 ? 0 : reader.readPayload(slot.data(payload), payload);
    }

    /** BLOCK_STATUS that names its contexts: the length that counts is in the payload. */
    private int receiveContexts(RequestSlot slot, int payload) {
        if (payload > MAX_STATUS_PAYLOAD) {
            slot.fail(Nbd.NBD_EINVAL, "CMD_BLOCK_STATUS payload not valid");
            return reader.skipPayload(slot, payload);
        }
        NativeBuffer data = slot.data(MAX_STATUS_PAYLOAD);
        int result = reader.readPayload(data, payload);
        if (result < 0) {
            return result;
        }
        long wanted = contextMask(data, payload);
        if (wanted == 0) {
            slot.fail(Nbd.NBD_EINVAL, "CMD_BLOCK_STATUS payload not valid");
            return 0;
        }
        slot.contexts = wanted;
        slot.length = data.getLongBE(0);
        check.check(slot);
        return 0;
    }

    /** A bit for each id, or 0 if any is unknown, not granted or named twice. */
    private long contextMask(NativeBuffer data, int payload) {
        if (payload < 8 || payload % 4 != 0) {
            return 0;
        }
        long mask = 0;
        for (int at = 8; at < payload; at += 4) {
            int id = data.getIntBE(at);
            if (!contexts.contains(id) || (mask & (1L << id)) != 0) {
                return 0;
            }
            mask |= 1L << id;
        }
        return mask;
    }

    /**
     * A write bigger than a buffer, piece after piece as it comes, on the reader's thread. The write is not atomic, as
     * none is; after an error the rest is read and dropped.
     */
    private boolean writeInPieces(RequestSlot slot) {
        check.check(slot);
        int left = slot.payload;
        if (slot.error != Nbd.NBD_SUCCESS) {
            int result = reader.skipPayload(slot, left);
            replies.error(slot, slot.error, slot.errorText);
            return result >= 0;
        }
        long offset = slot.offset;
        int result = 0;
        while (left > 0) {
            int piece = Math.min(left, RequestSlot.BUFFER_BYTES);
            if (reader.readPayload(slot.data(piece), piece) < 0) {
                return false;
            }
            if (result == 0) {
                result = executor.write(slot, offset, piece);
            }
            offset += piece;
            left -= piece;
        }
        if (result < 0) {
            replies.error(slot, NbdErrors.fromErrno(result), "writing to file failed");
        } else {
            replies.success(slot);
        }
        return true;
    }
}

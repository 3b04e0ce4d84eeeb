package org.qsd4j.export.nbd;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.nbd.NbdChannel;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.nbd.wire.ReplyHeader;
import org.qsd4j.sys.NativeBuffer;

/**
 * Replies of one connection, from whichever thread has one, each whole. Small ones gather while the reader has more
 * requests at hand, so that one system call sends many; data beyond {@link #COPIED_BYTES} is sent from where it is.
 *
 * <p>After a failed send nothing more is sent, and the channel is shut down, which the reader notices.
 */
@ThreadSafe
final class ReplyStream {
    private static final int COPIED_BYTES = 16 << 10;
    private static final int GATHERED_BYTES = 64 << 10;

    /** Room for the biggest reply that is copied, behind the mark where gathering ends. */
    private static final int OUT_BYTES = GATHERED_BYTES + COPIED_BYTES + 4096 + 256;

    /** Replies that wait at most: enough to spare calls, few enough that the client has something to do meanwhile. */
    private static final int GATHERED_REPLIES = 8;

    private final NbdChannel channel;
    private final boolean structured;
    private final boolean extended;
    private final NativeBuffer out = NativeBuffer.allocate(OUT_BYTES);

    private int fill;
    private int gathered;
    private boolean broken;

    ReplyStream(NbdChannel channel, boolean structured, boolean extended) {
        this.channel = channel;
        this.structured = structured;
        this.extended = extended;
    }

    boolean structured() {
        return structured;
    }

    /** The request is done and there is nothing to tell but that. */
    synchronized void success(RequestSlot slot) {
        if (extended) {
            header(slot, Nbd.NBD_REPLY_FLAG_DONE, Nbd.NBD_REPLY_TYPE_NONE, 0);
        } else {
            fill += ReplyHeader.putSimple(out, fill, Nbd.NBD_SUCCESS, slot.cookie);
        }
        end(slot);
    }

    synchronized void error(RequestSlot slot, int error, String text) {
        if (structured) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            int length = Math.min(bytes.length, Nbd.NBD_MAX_STRING_SIZE);
            header(slot, Nbd.NBD_REPLY_FLAG_DONE, Nbd.NBD_REPLY_TYPE_ERROR, 6 + length);
            out.putIntBE(fill, error);
            out.putShortBE(fill + 4, (short) length);
            out.put(fill + 6, bytes, 0, length);
            fill += 6 + length;
        } else {
            fill += ReplyHeader.putSimple(out, fill, error, slot.cookie);
        }
        end(slot);
    }

    /** All of a read's data in a simple reply. */
    synchronized void simpleData(RequestSlot slot, NativeBuffer data, int bytes) {
        fill += ReplyHeader.putSimple(out, fill, Nbd.NBD_SUCCESS, slot.cookie);
        payload(data, bytes);
        end(slot);
    }

    /** A read's only chunk, without data. */
    synchronized void emptyData(RequestSlot slot) {
        header(slot, Nbd.NBD_REPLY_FLAG_DONE, Nbd.NBD_REPLY_TYPE_NONE, 0);
        end(slot);
    }

    synchronized void dataChunk(RequestSlot slot, boolean last, long offset, NativeBuffer data, int bytes) {
        header(slot, last ? Nbd.NBD_REPLY_FLAG_DONE : 0, Nbd.NBD_REPLY_TYPE_OFFSET_DATA, 8L + bytes);
        out.putLongBE(fill, offset);
        fill += 8;
        payload(data, bytes);
        if (last) {
            end(slot);
        }
    }

    synchronized void holeChunk(RequestSlot slot, boolean last, long offset, int bytes) {
        header(slot, last ? Nbd.NBD_REPLY_FLAG_DONE : 0, Nbd.NBD_REPLY_TYPE_OFFSET_HOLE, 12);
        out.putLongBE(fill, offset);
        out.putIntBE(fill + 8, bytes);
        fill += 12;
        if (last) {
            end(slot);
        }
    }

    /** {@code payload} holds the context's id and its extents, as the protocol has them. */
    synchronized void statusChunk(RequestSlot slot, boolean last, NativeBuffer payload, int bytes) {
        int type = extended ? Nbd.NBD_REPLY_TYPE_BLOCK_STATUS_EXT : Nbd.NBD_REPLY_TYPE_BLOCK_STATUS;
        header(slot, last ? Nbd.NBD_REPLY_FLAG_DONE : 0, type, bytes);
        payload(payload, bytes);
        if (last) {
            end(slot);
        }
    }

    /** Sends what has gathered. */
    synchronized void flush() {
        if (fill > 0) {
            send(null, 0);
        }
    }

    private void header(RequestSlot slot, int flags, int type, long length) {
        if (extended) {
            fill += ReplyHeader.putExtended(out, fill, flags, type, slot.cookie, slot.offset, length);
        } else {
            fill += ReplyHeader.putStructured(out, fill, flags, type, slot.cookie, (int) length);
        }
    }

    private void payload(NativeBuffer data, int bytes) {
        if (bytes > COPIED_BYTES) {
            send(data, bytes);
            return;
        }
        out.copyFrom(fill, data, 0, bytes);
        fill += bytes;
        makeRoom();
    }

    private void end(RequestSlot slot) {
        gathered++;
        if (slot.handedOff || gathered >= GATHERED_REPLIES) {
            flush();
        } else {
            makeRoom();
        }
    }

    private void makeRoom() {
        if (fill >= GATHERED_BYTES) {
            send(null, 0);
        }
    }

    private void send(@Nullable NativeBuffer data, int bytes) {
        int head = fill;
        fill = 0;
        gathered = 0;
        if (!broken && channel.send(out, 0, head, data, 0, bytes) < 0) {
            broken = true;
            channel.shutdown();
        }
    }
}

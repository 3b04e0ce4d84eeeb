package org.qsd4j.export.nbd;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.sys.NativeBuffer;

/** Serves requests that have been checked and whose payload is in their slot, and replies to them. */
@ThreadSafe
final class RequestExecutor {
    /** Below that, asking where the holes are costs more than reading: it is asked only if the data look like one. */
    private static final int SPARSE_READ_BYTES = 32 << 10;

    private static final System.Logger LOG = System.getLogger(RequestExecutor.class.getName());

    private final BlockBackend backend;
    private final ReplyStream replies;
    private final ExtentCollector extents;
    private final BufferPool pool;

    /** One read at a time that has to be answered in one piece bigger than a slot's buffer. */
    private final Object bigRead = new Object();

    RequestExecutor(NbdTarget target, ReplyStream replies, ExtentCollector extents, BufferPool pool) {
        this.backend = target.backend;
        this.replies = replies;
        this.extents = extents;
        this.pool = pool;
    }

    /** Serves the request, whatever happens. */
    void execute(RequestSlot slot) {
        slot.serviceNanos = 0;
        try {
            dispatch(slot);
        } catch (OutOfMemoryError e) {
            replies.error(slot, Nbd.NBD_ENOMEM, "out of memory");
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "NBD request failed", e);
            replies.error(slot, Nbd.NBD_EIO, "internal error");
        }
    }

    private void dispatch(RequestSlot slot) {
        if (slot.type == Nbd.NBD_CMD_READ) {
            read(slot);
        } else if (slot.type == Nbd.NBD_CMD_BLOCK_STATUS) {
            extents.reply(slot, replies);
        } else {
            long start = System.nanoTime();
            int result = perform(slot);
            slot.serviceNanos = System.nanoTime() - start;
            finish(slot, result, failure(slot.type));
        }
    }

    /** What has no answer but success or failure. */
    private int perform(RequestSlot slot) {
        return switch (slot.type) {
            case Nbd.NBD_CMD_WRITE -> write(slot, slot.offset, slot.payload);
            case Nbd.NBD_CMD_FLUSH -> backend.flush();
            case Nbd.NBD_CMD_TRIM -> trim(slot);
            case Nbd.NBD_CMD_WRITE_ZEROES -> writeZeroes(slot);
            case Nbd.NBD_CMD_CACHE -> cache(slot);
            default -> throw new AssertionError(slot.type);
        };
    }

    private static String failure(int type) {
        return switch (type) {
            case Nbd.NBD_CMD_FLUSH -> "flush failed";
            case Nbd.NBD_CMD_TRIM -> "discard failed";
            case Nbd.NBD_CMD_CACHE -> "caching data failed";
            default -> "writing to file failed";
        };
    }

    private void finish(RequestSlot slot, int result, String failure) {
        if (result < 0) {
            replies.error(slot, NbdErrors.fromErrno(result), failure);
        } else {
            replies.success(slot);
        }
    }

    private void read(RequestSlot slot) {
        int bytes = (int) slot.length;
        if (!replies.structured()) {
            readWhole(slot, bytes);
        } else if (bytes == 0) {
            replies.emptyData(slot);
        } else if (slot.has(Nbd.NBD_CMD_FLAG_DF)) {
            readWhole(slot, bytes);
        } else {
            readChunks(slot, bytes);
        }
    }

    private void readWhole(RequestSlot slot, int bytes) {
        if (bytes <= RequestSlot.BUFFER_BYTES) {
            readWhole(slot, slot.data(bytes), bytes);
            return;
        }
        synchronized (bigRead) {
            NativeBuffer buffer = pool.acquire(bytes);
            try {
                readWhole(slot, buffer, bytes);
            } finally {
                pool.release(buffer);
            }
        }
    }

    private void readWhole(RequestSlot slot, NativeBuffer buffer, int bytes) {
        int result = bytes == 0 ? 0 : read(slot, slot.offset, buffer, bytes);
        if (result < 0) {
            replies.error(slot, NbdErrors.fromErrno(result), "reading from file failed");
        } else if (replies.structured()) {
            replies.dataChunk(slot, true, slot.offset, buffer, bytes);
        } else {
            replies.simpleData(slot, buffer, bytes);
        }
    }

    /** Data in pieces of the buffer's size, holes as such. */
    private void readChunks(RequestSlot slot, int bytes) {
        long offset = slot.offset;
        long end = offset + bytes;
        while (offset < end) {
            int piece = (int) (end - offset);
            boolean hole = false;
            if (piece >= SPARSE_READ_BYTES && extents.status(offset, piece, slot.status) >= 0) {
                hole = slot.status.is(BlockStatus.ZERO);
                piece = (int) slot.status.bytes;
            }
            boolean last = offset + piece == end;
            if (hole) {
                replies.holeChunk(slot, last, offset, piece);
            } else {
                piece = Math.min(piece, RequestSlot.BUFFER_BYTES);
                if (!readChunk(slot, offset, piece, offset + piece == end)) {
                    return;
                }
            }
            offset += piece;
        }
    }

    private boolean readChunk(RequestSlot slot, long offset, int bytes, boolean last) {
        NativeBuffer buffer = slot.data(bytes);
        int result = read(slot, offset, buffer, bytes);
        if (result < 0) {
            replies.error(slot, NbdErrors.fromErrno(result), "reading from file failed");
            return false;
        }
        if (bytes < SPARSE_READ_BYTES && isHole(slot, buffer, offset, bytes)) {
            replies.holeChunk(slot, last, offset, bytes);
        } else {
            replies.dataChunk(slot, last, offset, buffer, bytes);
        }
        return true;
    }

    private int read(RequestSlot slot, long offset, NativeBuffer buffer, int bytes) {
        long start = System.nanoTime();
        int result = backend.read(offset, buffer, 0, bytes);
        slot.serviceNanos += System.nanoTime() - start;
        return result;
    }

    private boolean isHole(RequestSlot slot, NativeBuffer buffer, long offset, int bytes) {
        return buffer.isZero(0, bytes)
                && extents.status(offset, bytes, slot.status) >= 0
                && slot.status.is(BlockStatus.ZERO)
                && slot.status.bytes == bytes;
    }

    /** Writes {@code bytes} from the start of the slot's buffer: 0 or -errno. */
    int write(RequestSlot slot, long offset, int bytes) {
        int flags = slot.has(Nbd.NBD_CMD_FLAG_FUA) ? RequestFlags.FUA : 0;
        return bytes == 0 ? 0 : backend.write(offset, slot.data(bytes), 0, bytes, flags);
    }

    private int trim(RequestSlot slot) {
        int result = slot.length == 0 ? 0 : backend.discard(slot.offset, slot.length);
        return result == 0 && slot.has(Nbd.NBD_CMD_FLAG_FUA) ? backend.flush() : result;
    }

    private int writeZeroes(RequestSlot slot) {
        int flags = slot.has(Nbd.NBD_CMD_FLAG_FUA) ? RequestFlags.FUA : 0;
        if (!slot.has(Nbd.NBD_CMD_FLAG_NO_HOLE)) {
            flags |= RequestFlags.MAY_UNMAP;
        }
        if (slot.has(Nbd.NBD_CMD_FLAG_FAST_ZERO)) {
            flags |= RequestFlags.NO_FALLBACK;
        }
        return slot.length == 0 ? 0 : backend.writeZeroes(slot.offset, slot.length, flags);
    }

    /** Reads the range and throws it away: it is in the host's cache, and in the node's, from then on. */
    private int cache(RequestSlot slot) {
        long end = slot.offset + slot.length;
        for (long offset = slot.offset; offset < end; ) {
            int piece = (int) Math.min(end - offset, BufferPool.SMALLEST);
            int result = backend.read(offset, slot.data(piece), 0, piece);
            if (result < 0) {
                return result;
            }
            offset += piece;
        }
        return 0;
    }
}

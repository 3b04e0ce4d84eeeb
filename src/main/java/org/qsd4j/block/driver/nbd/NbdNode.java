package org.qsd4j.block.driver.nbd;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** An export of a server. Requests of any thread share one connection; what it can't do is emulated by the layer above. */
final class NbdNode extends BlockNode {
    /** Longest range of a compact request, as a multiple of any block size. */
    private static final long MAX_COMPACT = 0xffff_ffffL & -(1L << 16);

    private final ServerLink link;
    private final String filename;

    NbdNode(OpenRequest request, ServerLink link, String filename) {
        super(request);
        this.link = link;
        this.filename = filename;
        ServerInfo info = link.info();
        setLength(info.size());
        limits().requestAlignment = info.minimumBlock();
        limits().maxTransfer = info.maximumBlock();
        limits().optTransfer = info.preferredBlock();
    }

    boolean isServerReadOnly() {
        return link.info().isReadOnly();
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        return link.request(Nbd.NBD_CMD_READ, 0, offset, bytes, buffer, at);
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        return link.request(Nbd.NBD_CMD_WRITE, fua(flags), offset, bytes, buffer, at);
    }

    private int fua(int flags) {
        return (flags & RequestFlags.FUA) != 0 && honoursFua() ? Nbd.NBD_CMD_FLAG_FUA : 0;
    }

    @Override
    protected boolean honoursFua() {
        return link.info().has(Nbd.NBD_FLAG_SEND_FUA);
    }

    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        ServerInfo info = link.info();
        boolean fast = (flags & RequestFlags.NO_FALLBACK) != 0;
        if (!info.has(Nbd.NBD_FLAG_SEND_WRITE_ZEROES) || (fast && !info.has(Nbd.NBD_FLAG_SEND_FAST_ZERO))) {
            return -Errno.ENOTSUP;
        }
        int wire = fua(flags) | (fast ? Nbd.NBD_CMD_FLAG_FAST_ZERO : 0);
        if ((flags & RequestFlags.MAY_UNMAP) == 0) {
            wire |= Nbd.NBD_CMD_FLAG_NO_HOLE;
        }
        return inPieces(Nbd.NBD_CMD_WRITE_ZEROES, wire, offset, bytes);
    }

    @Override
    protected int doDiscard(long offset, long bytes) {
        return link.info().has(Nbd.NBD_FLAG_SEND_TRIM) ? inPieces(Nbd.NBD_CMD_TRIM, 0, offset, bytes) : 0;
    }

    private int inPieces(int type, int flags, long offset, long bytes) {
        long limit = link.info().extended() ? MAX_LENGTH : MAX_COMPACT;
        for (long done = 0; done < bytes; ) {
            long piece = Math.min(bytes - done, limit);
            int result = link.request(type, flags, offset + done, piece, null, 0);
            if (result < 0) {
                return result;
            }
            done += piece;
        }
        return 0;
    }

    @Override
    protected int doFlush() {
        return link.info().has(Nbd.NBD_FLAG_SEND_FLUSH) ? link.request(Nbd.NBD_CMD_FLUSH, 0, 0, 0, null, 0) : 0;
    }

    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        ServerInfo info = link.info();
        if (info.contextId() < 0 || offset >= info.size()) {
            int zero = offset >= info.size() ? BlockStatus.ZERO : 0;
            status.set(BlockStatus.DATA | BlockStatus.OFFSET_VALID | zero, bytes, offset, this);
            return 0;
        }
        long asked = Math.min(bytes, info.size() - offset);
        long piece = info.extended() ? asked : Math.min(asked, MAX_COMPACT);
        return link.blockStatus(offset, piece, status, this);
    }

    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        if (exact && offset != length()) {
            throw QapiException.fromErrno(Errno.ENOTSUP, "Cannot resize NBD nodes");
        }
        if (offset > length()) {
            throw QapiException.generic("Cannot grow NBD nodes");
        }
    }

    @Override
    public @Nullable String exactFilename() {
        return filename;
    }

    @Override
    protected void doDrainBegin() {
        link.beginHurry();
    }

    @Override
    protected void doDrainEnd() {
        link.endHurry();
    }

    @Override
    protected void doClose() {
        link.close();
    }
}

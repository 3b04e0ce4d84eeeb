package org.qsd4j.export.fuse;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.export.fuse.wire.FuseReadIn;
import org.qsd4j.export.fuse.wire.FuseWrite;
import org.qsd4j.sys.Errno;

/** READ, WRITE and their flushes. */
@ThreadSafe
final class FuseData {
    private final FuseExport export;
    private final FuseSpace space;
    private final BlockBackend blk;

    FuseData(FuseExport export, FuseSpace space) {
        this.export = export;
        this.space = space;
        this.blk = export.blk();
    }

    /** Reads stop at the end of the file. */
    int read(FuseRequest request) {
        long offset = FuseReadIn.offset(request.memory, request.argumentAt);
        int bytes = FuseReadIn.size(request.memory, request.argumentAt);
        if (bytes < 0 || bytes > export.maxBytes() || bytes > request.replyCapacity() || offset < 0) {
            return -Errno.EINVAL;
        }
        long length = space.length();
        if (offset > length - bytes) {
            bytes = (int) Math.max(0, length - offset);
        }
        if (bytes == 0) {
            return 0;
        }
        int result = blk.read(offset, request.memory, request.payloadAt, bytes);
        return result < 0 ? result : bytes;
    }

    /** Writes grow a growable file; on any other they stop at its end. */
    int write(FuseRequest request) {
        long offset = FuseWrite.offset(request.memory, request.argumentAt);
        int bytes = FuseWrite.size(request.memory, request.argumentAt);
        if (bytes < 0 || bytes > export.maxBytes() || offset < 0) {
            return -Errno.EINVAL;
        }
        if (request.payloadBytes < bytes) {
            return export.halt(
                    Errno.EINVAL, "FUSE WRITE truncated; received " + request.payloadBytes + " bytes of " + bytes);
        }
        if (!export.writable()) {
            return -Errno.EACCES;
        }
        if (offset > BlockNode.MAX_LENGTH - bytes && export.growable()) {
            return -Errno.EIO;
        }
        long length = space.length();
        if (offset > length - bytes) {
            if (export.growable()) {
                int result = space.growTo(offset + bytes);
                if (result < 0) {
                    return result;
                }
            } else {
                bytes = (int) Math.max(0, length - offset);
            }
        }
        int result = bytes == 0 ? 0 : blk.write(offset, request.memory, request.payloadAt, bytes, 0);
        if (result < 0) {
            return result;
        }
        FuseWrite.putOut(request.memory, request.payloadAt, bytes);
        return FuseWrite.OUT_SIZE;
    }
}

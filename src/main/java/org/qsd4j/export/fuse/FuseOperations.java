package org.qsd4j.export.fuse;

import org.qsd4j.aio.IoThreadConfined;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.export.fuse.wire.FuseFallocateIn;
import org.qsd4j.export.fuse.wire.FuseLseek;
import org.qsd4j.export.fuse.wire.FuseOpcode;
import org.qsd4j.export.fuse.wire.FuseOpen;
import org.qsd4j.export.fuse.wire.FuseReadIn;
import org.qsd4j.export.fuse.wire.FuseReleaseIn;
import org.qsd4j.export.fuse.wire.FuseSetattrIn;
import org.qsd4j.export.fuse.wire.FuseStatfsOut;
import org.qsd4j.export.fuse.wire.FuseWrite;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;

/** Answers requests, whichever way they came. One instance a queue; what queues share is in the export. */
@IoThreadConfined
final class FuseOperations {
    private static final int STATFS_BSIZE = 512;
    private static final int STATFS_NAMELEN = 255;

    private final FuseExport export;
    private final FuseData data;
    private final FuseSpace space;
    private final FuseAttributes attributes;
    private final FuseInit init;
    private final BlockStatus status = new BlockStatus();

    FuseOperations(FuseExport export) {
        this.export = export;
        this.space = export.space();
        this.attributes = export.attributes();
        this.data = new FuseData(export, space);
        this.init = new FuseInit(export);
    }

    /**
     * Does what a request asks for.
     *
     * @return the length of the reply's payload, which is in place then; -errno; or {@link FuseRequest#NO_REPLY}
     */
    int handle(FuseRequest request) {
        int opcode = request.opcode();
        int needed = argumentSize(opcode);
        if (request.argumentBytes < needed) {
            return export.halt(
                    Errno.EINVAL,
                    "FUSE request truncated, expected " + needed + " bytes, read " + request.argumentBytes + " bytes");
        }
        return switch (opcode) {
            case FuseOpcode.FUSE_READ -> data.read(request);
            case FuseOpcode.FUSE_WRITE -> data.write(request);
            case FuseOpcode.FUSE_GETATTR -> attributes.getattr(request);
            case FuseOpcode.FUSE_FSYNC, FuseOpcode.FUSE_FLUSH -> export.blk().flush();
            case FuseOpcode.FUSE_LSEEK -> space.lseek(request, status);
            case FuseOpcode.FUSE_FALLOCATE -> space.fallocate(request);
            case FuseOpcode.FUSE_SETATTR -> attributes.setattr(request);
            case FuseOpcode.FUSE_OPEN -> open(request);
            case FuseOpcode.FUSE_STATFS -> statfs(request);
            case FuseOpcode.FUSE_INIT -> init.reply(request);
            case FuseOpcode.FUSE_RELEASE -> release(request);
            case FuseOpcode.FUSE_DESTROY -> 0;
            case FuseOpcode.FUSE_LOOKUP -> -Errno.ENOENT; // there is nothing below a file
            case FuseOpcode.FUSE_FORGET, FuseOpcode.FUSE_BATCH_FORGET, FuseOpcode.FUSE_INTERRUPT ->
                FuseRequest.NO_REPLY;
            default -> -Errno.ENOSYS;
        };
    }

    private static int argumentSize(int opcode) {
        return switch (opcode) {
            case FuseOpcode.FUSE_READ -> FuseReadIn.SIZE;
            case FuseOpcode.FUSE_WRITE -> FuseWrite.IN_SIZE;
            case FuseOpcode.FUSE_SETATTR -> FuseSetattrIn.SIZE;
            case FuseOpcode.FUSE_OPEN -> FuseOpen.IN_SIZE;
            case FuseOpcode.FUSE_RELEASE -> FuseReleaseIn.SIZE;
            case FuseOpcode.FUSE_FALLOCATE -> FuseFallocateIn.SIZE;
            case FuseOpcode.FUSE_LSEEK -> FuseLseek.IN_SIZE;
            default -> 0;
        };
    }

    /** O_TRUNC empties the file only where writes can make it grow again. */
    private int open(FuseRequest request) {
        int flags = FuseOpen.flags(request.memory, request.argumentAt);
        if ((flags & Libc.O_TRUNC) != 0 && export.growable()) {
            int result = export.writable() ? space.truncate(0) : -Errno.EACCES;
            if (result < 0) {
                return result;
            }
        }
        if (!export.passthrough().open(request)) {
            FuseOpen.putOut(
                    request.memory,
                    request.payloadAt,
                    0,
                    FuseOpen.FOPEN_DIRECT_IO | FuseOpen.FOPEN_PARALLEL_DIRECT_WRITES,
                    0);
        }
        return FuseOpen.OUT_SIZE;
    }

    private int release(FuseRequest request) {
        export.passthrough().release(request);
        return 0;
    }

    private static int statfs(FuseRequest request) {
        FuseStatfsOut.put(request.memory, request.payloadAt, STATFS_BSIZE, STATFS_NAMELEN);
        return FuseStatfsOut.SIZE;
    }
}

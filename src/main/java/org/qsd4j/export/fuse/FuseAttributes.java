package org.qsd4j.export.fuse;

import java.util.concurrent.atomic.AtomicInteger;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.export.fuse.wire.FuseAttrOut;
import org.qsd4j.export.fuse.wire.FuseSetattrIn;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.FileSystems;

/** What stat(2) shows of the file, and what chmod, chown and truncate may change. Requests of all queues at once. */
@ThreadSafe
final class FuseAttributes {
    private static final int S_IRUSR = 0400;
    private static final int S_IWUSR = 0200;
    private static final int S_IRWXG = 0070;
    private static final int S_IRWXO = 0007;
    private static final int S_IWALL = 0222;
    private static final int PERMISSION_BITS = 07777;

    private static final long INO = 1;
    private static final int NLINK = 1;
    private static final long VALID_SECONDS = 1;
    private static final int BLOCK = 512;

    private static final int ALWAYS_SETTABLE = FuseSetattrIn.FATTR_MODE
            | FuseSetattrIn.FATTR_SIZE
            | FuseSetattrIn.FATTR_FH
            | FuseSetattrIn.FATTR_LOCKOWNER;

    private final FuseExport export;
    private final FuseSpace space;

    /** Each written by SETATTR and read by GETATTR, on any queue; always a whole value that somebody set. */
    private final AtomicInteger stMode;

    private final AtomicInteger stUid = new AtomicInteger(FileSystems.effectiveUid());
    private final AtomicInteger stGid = new AtomicInteger(FileSystems.effectiveGid());

    FuseAttributes(FuseExport export, FuseSpace space) {
        this.export = export;
        this.space = space;
        this.stMode = new AtomicInteger(FileSystems.S_IFREG | S_IRUSR | (export.writable() ? S_IWUSR : 0));
    }

    int getattr(FuseRequest request) {
        long length = space.length();
        long allocated = export.blk().node().allocatedSize();
        long blocks = ((allocated > 0 ? allocated : length) + BLOCK - 1) / BLOCK;
        int out = request.payloadAt;
        request.memory.zero(out, FuseAttrOut.SIZE);
        FuseAttrOut.putValid(request.memory, out, VALID_SECONDS);
        FuseAttrOut.putIdentity(request.memory, out, INO, NLINK);
        FuseAttrOut.putSize(
                request.memory, out, length, blocks, export.blk().node().limits().requestAlignment);
        FuseAttrOut.putTimes(request.memory, out, System.currentTimeMillis() / 1000);
        FuseAttrOut.putOwnership(request.memory, out, stMode.get(), stUid.get(), stGid.get());
        return FuseAttrOut.SIZE;
    }

    /** All checks come before the first change. */
    int setattr(FuseRequest request) {
        int in = request.argumentAt;
        int valid = FuseSetattrIn.valid(request.memory, in);
        int mode = FuseSetattrIn.mode(request.memory, in);
        int refusal = refusal(valid, mode);
        if (refusal < 0) {
            return refusal;
        }
        if ((valid & FuseSetattrIn.FATTR_SIZE) != 0) {
            int result = space.truncate(FuseSetattrIn.size(request.memory, in));
            if (result < 0) {
                return result;
            }
        }
        if ((valid & FuseSetattrIn.FATTR_MODE) != 0) {
            stMode.set(FileSystems.S_IFREG | (mode & PERMISSION_BITS));
        }
        if ((valid & FuseSetattrIn.FATTR_UID) != 0) {
            stUid.set(FuseSetattrIn.uid(request.memory, in));
        }
        if ((valid & FuseSetattrIn.FATTR_GID) != 0) {
            stGid.set(FuseSetattrIn.gid(request.memory, in));
        }
        return getattr(request);
    }

    private int refusal(int valid, int mode) {
        int settable = ALWAYS_SETTABLE;
        if (export.allowOther()) {
            settable |= FuseSetattrIn.FATTR_UID | FuseSetattrIn.FATTR_GID;
        }
        if ((valid & ~settable) != 0) {
            return -Errno.ENOTSUP;
        }
        if ((valid & FuseSetattrIn.FATTR_MODE) != 0) {
            // Others could never use what it would grant them.
            if (!export.allowOther() && (mode & (S_IRWXG | S_IRWXO)) != 0) {
                return -Errno.EPERM;
            }
            if (!export.writable() && (mode & S_IWALL) != 0) {
                return -Errno.EROFS;
            }
        }
        return (valid & FuseSetattrIn.FATTR_SIZE) != 0 && !export.writable() ? -Errno.EACCES : 0;
    }
}

package org.qsd4j.export.fuse;

import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.export.fuse.wire.FuseBackingMap;
import org.qsd4j.export.fuse.wire.FuseOpen;
import org.qsd4j.export.fuse.wire.FuseReleaseIn;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/**
 * Files that programs open are the image's own file, as far as reading goes: the kernel reads that without asking us. For
 * a read-only export whose contents are a host file as it is.
 *
 * <p>A handle that has been given out can't be taken back. So each pins the graph below the export, until its RELEASE; and
 * once the graph is not what it was when the export started, no more of them are given out. While handles of one kind are
 * open no others are given out: the kernel would refuse them with EIO.
 */
@ThreadSafe
final class FusePassthrough {
    /** What OPEN hands out beside an ordinary file's 0. */
    private static final long PASSED = 1;

    /** Sizes are shown in whole sectors, and reads show zeroes up to there; the file itself ends earlier. */
    private static final int SECTOR = 512;

    private final BlockBackend blk;
    private final FuseSwitch wanted;

    /** What the kernel has been shown. Written once by the leader; {@code backingId} last, which is 0 before. */
    private @Nullable BlockNode file;

    private int fileFd;
    private volatile int backingId;

    /** Open handles of each kind; one of them is 0. Guarded by this. */
    private long passed;

    private long ordinary;

    /** @param wanted not for everything that is exported writable, for which it must be OFF */
    FusePassthrough(BlockBackend blk, FuseSwitch wanted) {
        this.blk = blk;
        this.wanted = wanted;
    }

    /** Whether INIT should ask for it. */
    boolean isPossible() {
        return wanted != FuseSwitch.OFF && blk.node().hostFileNode() != null;
    }

    /**
     * Shows the kernel the file.
     *
     * @return 0, or -errno: EPERM for the unprivileged, ELOOP if the file is on a stacked file system
     */
    int register(int fuseFd) {
        BlockNode node = blk.node().hostFileNode();
        if (node == null) {
            return 0;
        }
        int fd = node.hostFd();
        // Another open file: the first one has the image's locks, which must not live as long as the last client.
        int own = Libc.open("/proc/self/fd/" + fd, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (own < 0) {
            return own;
        }
        NativeBuffer map = NativeBuffer.allocate(FuseBackingMap.SIZE);
        FuseBackingMap.put(map, 0, own);
        int id;
        try {
            id = Libc.ioctl(fuseFd, FuseBackingMap.FUSE_DEV_IOC_BACKING_OPEN, map.address());
        } finally {
            Reference.reachabilityFence(map);
            Libc.close(own);
        }
        if (id <= 0) {
            return id == 0 ? -Errno.EINVAL : id;
        }
        file = node;
        fileFd = fd;
        backingId = id;
        return 0;
    }

    /** Answers an OPEN with the file; false if it has to be an ordinary one. */
    synchronized boolean open(FuseRequest request) {
        if (ordinary > 0 || !canPass(request)) {
            ordinary++;
            return false;
        }
        passed++;
        FuseOpen.putOut(request.memory, request.payloadAt, PASSED, FuseOpen.FOPEN_PASSTHROUGH, backingId);
        return true;
    }

    private boolean canPass(FuseRequest request) {
        BlockNode shown = file;
        if (backingId == 0 || shown == null) {
            return false;
        }
        boolean fits = passed > 0 || (!isDirect(request) && blk.node().length() % SECTOR == 0);
        return fits && blk.pin(shown, fileFd);
    }

    /** Who reads with O_DIRECT may do so at any offset from us, but not from every file. */
    private boolean isDirect(FuseRequest request) {
        return wanted == FuseSwitch.AUTO && (FuseOpen.flags(request.memory, request.argumentAt) & Libc.O_DIRECT) != 0;
    }

    synchronized void release(FuseRequest request) {
        if (FuseReleaseIn.fh(request.memory, request.argumentAt) == PASSED) {
            passed--;
            blk.unpin();
        } else {
            ordinary--;
        }
    }
}

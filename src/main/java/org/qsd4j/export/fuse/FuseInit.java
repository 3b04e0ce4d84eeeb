package org.qsd4j.export.fuse;

import org.qsd4j.export.fuse.wire.FuseInitFlags;
import org.qsd4j.export.fuse.wire.FuseInitIn;
import org.qsd4j.export.fuse.wire.FuseInitOut;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** The first request of a mount: which version of the protocol, which of its features, how big the requests. */
final class FuseInit {
    private static final int MAJOR = 7;
    private static final int OLDEST_MINOR = 9;

    /** The newest minor version whose structures this code has been written for. */
    private static final int NEWEST_MINOR = 45;

    /** From here on the reply has its full size. */
    private static final int MINOR_OF_LONG_REPLY = 23;

    private static final int PAGE = 4096;
    private static final int MAX_BACKGROUND = 65535;
    private static final int CONGESTION_THRESHOLD = MAX_BACKGROUND / 4 * 3;

    private static final long WANTED = FuseInitFlags.FUSE_ASYNC_READ
            | FuseInitFlags.FUSE_ATOMIC_O_TRUNC
            | FuseInitFlags.FUSE_BIG_WRITES
            | FuseInitFlags.FUSE_ASYNC_DIO
            | FuseInitFlags.FUSE_MAX_PAGES
            | FuseInitFlags.FUSE_INIT_EXT
            | FuseInitFlags.FUSE_DIRECT_IO_ALLOW_MMAP;

    private final FuseExport export;

    FuseInit(FuseExport export) {
        this.export = export;
    }

    int reply(FuseRequest request) {
        NativeBuffer memory = request.memory;
        int in = request.argumentAt;
        if (request.argumentBytes < FuseInitIn.COMPAT_SIZE) {
            return export.halt(
                    Errno.EINVAL, "FUSE_INIT request truncated, read only " + request.argumentBytes + " bytes");
        }
        int major = FuseInitIn.major(memory, in);
        int minor = FuseInitIn.minor(memory, in);
        int out = request.payloadAt;
        if (major > MAJOR) {
            FuseInitOut.putVersion(memory, out, MAJOR, NEWEST_MINOR);
            return FuseInitOut.VERSION_SIZE;
        }
        if (major < MAJOR) {
            return export.halt(
                    Errno.EPROTO, "FUSE major version mismatch: We have " + MAJOR + ", but kernel has " + major);
        }
        if (minor < OLDEST_MINOR) {
            return export.halt(
                    Errno.EPROTO, "FUSE minor version too old: " + OLDEST_MINOR + " required, but kernel has " + minor);
        }
        long offered = FuseInitIn.flags(memory, in, request.argumentBytes);
        long flags = offered & WANTED;
        flags |= transportFlags(offered)
                | (export.passthrough().isPossible() ? offered & FuseInitFlags.FUSE_PASSTHROUGH : 0);
        int maxReadahead = FuseInitIn.maxReadahead(memory, in);
        memory.zero(out, FuseInitOut.SIZE);
        FuseInitOut.putVersion(memory, out, MAJOR, Math.min(minor, NEWEST_MINOR));
        FuseInitOut.putFlags(memory, out, flags);
        FuseInitOut.putBackground(memory, out, MAX_BACKGROUND, CONGESTION_THRESHOLD);
        FuseInitOut.putSizes(memory, out, maxReadahead, export.maxBytes(), export.maxBytes() / PAGE);
        FuseInitOut.putTimeGran(memory, out, 1);
        FuseInitOut.putMaxStackDepth(memory, out, (flags & FuseInitFlags.FUSE_PASSTHROUGH) != 0 ? 1 : 0);
        return minor < MINOR_OF_LONG_REPLY ? FuseInitOut.COMPAT_22_SIZE : FuseInitOut.SIZE;
    }

    private long transportFlags(long offered) {
        boolean takesRings = export.prepareRings((offered & FuseInitFlags.FUSE_OVER_IO_URING) != 0);
        return takesRings ? FuseInitFlags.FUSE_OVER_IO_URING : 0;
    }
}

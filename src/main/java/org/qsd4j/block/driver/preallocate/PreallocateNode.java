package org.qsd4j.block.driver.preallocate;

import java.util.function.Consumer;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.FilterNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.Permission;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/**
 * As long as its users may write and resize, the node has a length of its own, and the file is zeroed and allocated some
 * way beyond it. When they no longer may, and when the node is closed, the file is cut to the node's length.
 */
final class PreallocateNode extends FilterNode {
    private static final long NOT_OURS = Long.MAX_VALUE;

    private final long align;
    private final long size;
    private final Consumer<String> report;

    /** Held while the file's end moves, so that nothing that has been written is zeroed. */
    private final Object endLock = new Object();

    /** Up to here the file is there already. Written under {@link #endLock}; {@link #NOT_OURS} while others may resize. */
    private volatile long fileEnd = NOT_OURS;

    /** Whether the file's end was ours when the node was suspended. Main loop. */
    private boolean wasOurs;

    /**
     * @param align the file's end is put at multiples of it, in bytes
     * @param size how far beyond a write, in bytes
     */
    PreallocateNode(OpenRequest request, BlockChild file, long align, long size, Consumer<String> report) {
        super(request, file);
        this.align = align;
        this.size = size;
        this.report = report;
    }

    static boolean mayPreallocate(int perm) {
        int needed = Permission.WRITE | Permission.RESIZE;
        return (perm & needed) == needed;
    }

    @Override
    protected void doSetPermissions(int perm, int shared) {
        if (!mayPreallocate(perm)) {
            giveUp();
        } else if (fileEnd == NOT_OURS) {
            takeOver();
        }
    }

    private void takeOver() {
        long end = filtered().node().length();
        setOwnLength(end);
        fileEnd = end;
    }

    /** The file is cut before another instance, or another file, takes the place of this one. */
    @Override
    protected void doSuspend() {
        wasOurs = fileEnd != NOT_OURS;
        giveUp();
        try {
            super.doSuspend();
        } catch (QapiException e) {
            doResume();
            throw e;
        }
    }

    @Override
    protected void doResume() {
        if (wasOurs) {
            takeOver();
        }
    }

    /** The file below is the successor's. */
    @Override
    protected void doRetire() {}

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        if (offset + bytes <= fileEnd) {
            return super.doWrite(offset, buffer, at, bytes, flags);
        }
        synchronized (endLock) {
            long end = offset + bytes;
            if (preallocate(end)) {
                // The range is the file's now, and nobody zeroes it any more.
                return super.doWrite(offset, buffer, at, bytes, flags);
            }
            int result = super.doWrite(offset, buffer, at, bytes, flags);
            fileEnd = filtered().node().length();
            return result;
        }
    }

    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        if (offset + bytes <= fileEnd) {
            return super.doWriteZeroes(offset, bytes, flags);
        }
        synchronized (endLock) {
            boolean preallocated = preallocate(offset + bytes);
            int result = super.doWriteZeroes(offset, bytes, flags);
            if (!preallocated) {
                fileEnd = filtered().node().length();
            }
            return result;
        }
    }

    /** Whether the file reaches as far as {@code end} now. What the file system refuses, it may grant another time. */
    private boolean preallocate(long end) {
        if (end <= fileEnd) {
            return true;
        }
        long newEnd = Align.up(end + size, align);
        if (newEnd < end || newEnd > MAX_LENGTH) {
            return false;
        }
        if (filtered().writeZeroes(fileEnd, newEnd - fileEnd, RequestFlags.NO_FALLBACK) < 0) {
            return false;
        }
        fileEnd = newEnd;
        return true;
    }

    /** What lies between the node's end and the file's is zero, so that growing into it needs nothing. */
    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        if (fileEnd == NOT_OURS) {
            super.doTruncate(offset, exact, prealloc, flags);
            return;
        }
        synchronized (endLock) {
            if (offset < length() || offset > fileEnd || prealloc == PreallocMode.FULL) {
                super.doTruncate(offset, exact, prealloc, flags);
                fileEnd = filtered().node().length();
            }
            setOwnLength(offset);
        }
    }

    /** Cuts the file to what is in use, while it can still be written. */
    @MainThread
    private void giveUp() {
        synchronized (endLock) {
            if (fileEnd == NOT_OURS) {
                return;
            }
            try {
                if (fileEnd > length()) {
                    filtered().node().truncate(length(), true, PreallocMode.OFF, 0);
                }
            } catch (QapiException e) {
                report.accept("Failed to drop preallocation of '" + nodeName() + "': " + e.getMessage());
            }
            fileEnd = NOT_OURS;
            followLength(filtered(), 0);
        }
    }

    @Override
    protected void doClose() {
        giveUp();
    }
}

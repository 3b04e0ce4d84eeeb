package org.qsd4j.block.driver.file;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;

/** lseek(2) with SEEK_DATA and SEEK_HOLE as block status. QEMU: {@code find_allocation}. */
@ThreadSafe
final class FileHoles {
    private final KnownData known = new KnownData();

    /** Fills in what the range starts with; where the file system can't tell, all of it is data. */
    void status(BlockNode node, int fd, long offset, long bytes, BlockStatus status) {
        long knownEnd = known.endOf(offset);
        if (knownEnd != 0) {
            data(node, offset, Math.min(bytes, knownEnd - offset), status);
            return;
        }
        int changes = known.changes();
        long data = Libc.lseek(fd, offset, Libc.SEEK_DATA);
        if (data == -Errno.ENXIO) {
            // A hole up to the end of the file, or the file is shorter than it was.
            hole(node, offset, bytes, status);
        } else if (data < 0) {
            data(node, offset, bytes, status);
        } else if (data > offset) {
            hole(node, offset, Math.min(bytes, data - offset), status);
        } else {
            long hole = Libc.lseek(fd, offset, Libc.SEEK_HOLE);
            // Anything but a hole behind the offset means that the file has changed in between.
            if (hole > offset) {
                known.remember(offset, hole, changes);
            }
            data(node, offset, hole > offset ? Math.min(bytes, hole - offset) : bytes, status);
        }
    }

    /** After zeroes or a discard: there may be a hole now. */
    void changed(long offset, long bytes) {
        known.forget(offset, offset + bytes);
    }

    /** After a change of the file's length. */
    void resized() {
        known.forget(0, Long.MAX_VALUE);
    }

    static void data(BlockNode node, long offset, long bytes, BlockStatus status) {
        status.set(BlockStatus.DATA | BlockStatus.OFFSET_VALID, bytes, offset, node);
    }

    private static void hole(BlockNode node, long offset, long bytes, BlockStatus status) {
        status.set(BlockStatus.ZERO | BlockStatus.OFFSET_VALID, bytes, offset, node);
    }
}

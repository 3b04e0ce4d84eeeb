package org.qsd4j.block.driver.qcow2;

import java.nio.file.Path;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** A regular file as a node, without locks and options. */
final class TestFileNode extends BlockNode implements AutoCloseable {
    private final int fd;

    TestFileNode(Path path, boolean readOnly) {
        super(TestImage.request(readOnly));
        this.fd = Libc.open(path.toString(), (readOnly ? Libc.O_RDONLY : Libc.O_RDWR) | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            throw QapiException.fromErrno(fd, "Could not open '%s'", path);
        }
        setLength(Libc.lseek(fd, 0, Libc.SEEK_END));
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        for (int done = 0; done < bytes; ) {
            long n = Libc.pread(fd, buffer.address(at + done, bytes - done), bytes - done, offset + done);
            if (n < 0) {
                return (int) n;
            }
            if (n == 0) {
                buffer.zero(at + done, bytes - done);
                break;
            }
            done += (int) n;
        }
        return 0;
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        for (int done = 0; done < bytes; ) {
            long n = Libc.pwrite(fd, buffer.address(at + done, bytes - done), bytes - done, offset + done);
            if (n < 0) {
                return (int) n;
            }
            done += (int) n;
        }
        return 0;
    }

    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        int result = Libc.fallocate(fd, Libc.FALLOC_FL_ZERO_RANGE, offset, bytes);
        if (result == 0 && offset + bytes > length()) {
            setLength(offset + bytes);
        }
        return result == -Errno.EOPNOTSUPP ? -Errno.ENOTSUP : result;
    }

    @Override
    protected int doDiscard(long offset, long bytes) {
        return Libc.fallocate(fd, Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE, offset, bytes);
    }

    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        status.set(BlockStatus.DATA | BlockStatus.OFFSET_VALID | BlockStatus.ALLOCATED, bytes, offset, this);
        return 0;
    }

    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        int result = Libc.ftruncate(fd, offset);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Failed to resize the file");
        }
        setLength(offset);
    }

    @Override
    protected void doClose() {
        Libc.close(fd);
    }

    @Override
    public void close() {
        doClose();
    }
}

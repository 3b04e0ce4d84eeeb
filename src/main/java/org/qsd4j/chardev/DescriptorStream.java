package org.qsd4j.chardev;

import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.sys.Poll;

/** Blocking reads and writes on a file descriptor, whether it is set to block or not. One thread may read while another one writes. */
final class DescriptorStream {
    static final int O_APPEND = 0x400;
    private static final int BUFFER_BYTES = 8192;

    private final int fd;
    private final NativeBuffer input = NativeBuffer.allocate(BUFFER_BYTES);
    private final NativeBuffer output = NativeBuffer.allocate(BUFFER_BYTES);

    DescriptorStream(int fd) {
        this.fd = fd;
    }

    /** Waits for input: the number of bytes, 0 at the end, or -errno; {@code -ECANCELED} once there is input on another one. */
    int read(byte[] into, int wakeFd) {
        long bytes = -Errno.EAGAIN;
        while (bytes == -Errno.EINTR || bytes == -Errno.EAGAIN) {
            int ready = Poll.await(fd, Poll.POLLIN, wakeFd);
            if (ready <= 0) {
                return ready == 0 ? -Errno.ECANCELED : ready;
            }
            bytes = Libc.read(fd, input.address(), Math.min(into.length, BUFFER_BYTES));
        }
        if (bytes > 0) {
            input.get(0, into, 0, (int) bytes);
        }
        return (int) bytes;
    }

    boolean write(byte[] bytes) {
        return write(bytes, 0, bytes.length);
    }

    /** Writes all of it; false on an error, which a stream of this kind has no one to tell. */
    boolean write(byte[] bytes, int from, int count) {
        int done = 0;
        while (done < count) {
            int chunk = Math.min(count - done, BUFFER_BYTES);
            output.put(0, bytes, from + done, chunk);
            long written = Libc.write(fd, output.address(), chunk);
            if (written < 0 && written != -Errno.EINTR && !(written == -Errno.EAGAIN && awaitRoom())) {
                return false;
            }
            done += (int) Math.max(written, 0);
        }
        return true;
    }

    /** False if there will be none: whoever would have to read has gone. */
    private boolean awaitRoom() {
        return Poll.await(fd, Poll.POLLOUT) >= 0 && !Poll.isHungUp(fd);
    }

    int fd() {
        return fd;
    }

    void close() {
        Libc.close(fd);
    }
}

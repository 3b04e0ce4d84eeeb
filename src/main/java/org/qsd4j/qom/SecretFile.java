package org.qsd4j.qom;

import java.io.ByteArrayOutputStream;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** Reads the file of a secret, however it is made: a pipe is as good as a regular file. */
final class SecretFile {
    /** No key or passphrase comes near it; a device that never ends must not take the daemon's memory. */
    private static final int MAX_BYTES = 1 << 20;

    private static final int CHUNK_BYTES = 4096;

    private SecretFile() {}

    static byte[] read(String path) {
        int fd = Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            throw failure(path, "Failed to open file", fd);
        }
        try {
            return readAll(path, fd);
        } finally {
            Libc.close(fd);
        }
    }

    private static byte[] readAll(String path, int fd) {
        NativeBuffer chunk = NativeBuffer.allocate(CHUNK_BYTES);
        byte[] copy = new byte[CHUNK_BYTES];
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        while (true) {
            int bytes = (int) Libc.read(fd, chunk.address(), CHUNK_BYTES);
            if (bytes == 0) {
                return content.toByteArray();
            }
            if (bytes > 0 && content.size() + bytes > MAX_BYTES) {
                bytes = -Errno.EFBIG;
            }
            if (bytes < 0 && bytes != -Errno.EINTR) {
                throw failure(path, "Error reading file", bytes);
            }
            chunk.get(0, copy, 0, Math.max(bytes, 0));
            content.write(copy, 0, Math.max(bytes, 0));
        }
    }

    private static QapiException failure(String path, String what, int errno) {
        return QapiException.fromErrno(errno, "Unable to read %s: %s \u201C%s\u201D", path, what, path);
    }
}

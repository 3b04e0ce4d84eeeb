package org.qsd4j.qapi;

import java.io.ByteArrayOutputStream;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** Reads small files that the user names, however they are made: a pipe is as good as a regular file. */
public final class FileContents {
    /** No key, certificate or passphrase comes near it; a device that never ends must not take the daemon's memory. */
    private static final int MAX_BYTES = 1 << 20;

    private static final int CHUNK_BYTES = 4096;

    private FileContents() {}

    /** All of the file, or QapiException with GLib's text. */
    public static byte[] read(String path) {
        int fd = Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            throw QapiException.fromErrno(fd, "Failed to open file \u201C%s\u201D", path);
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
                throw QapiException.fromErrno(bytes, "Error reading file \u201C%s\u201D", path);
            }
            chunk.get(0, copy, 0, Math.max(bytes, 0));
            content.write(copy, 0, Math.max(bytes, 0));
        }
    }
}

package org.qsd4j.sys;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The short files below /proc and /sys. The JDK's way to read a file would load twenty classes for it at every start. */
public final class KernelFile {
    private static final int MAX_BYTES = 4096;

    private KernelFile() {}

    /** The first 4096 bytes without the white space at both ends, or null if the file can't be read. */
    public static @Nullable String read(String path) {
        int fd = Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            return null;
        }
        NativeBuffer buffer = NativeBuffer.allocate(MAX_BYTES);
        long bytes = Libc.read(fd, buffer.address(), MAX_BYTES);
        Libc.close(fd);
        if (bytes < 0) {
            return null;
        }
        byte[] text = new byte[(int) bytes];
        buffer.get(0, text, 0, text.length);
        return new String(text, StandardCharsets.US_ASCII).strip();
    }
}

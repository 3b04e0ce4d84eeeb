package org.qsd4j.chardev;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Libc;

/** The copy of a chardev's output in a file, where one is wanted. Used by one thread. */
final class ChardevLog {
    private static final int MODE = 0666;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z' ").withZone(ZoneOffset.UTC);

    private final @Nullable DescriptorStream file;
    private final boolean timestamps;
    private boolean inLine;

    private ChardevLog(@Nullable DescriptorStream file, boolean timestamps) {
        this.file = file;
        this.timestamps = timestamps;
    }

    static ChardevLog open(@Nullable String path, @Nullable Boolean append, @Nullable Boolean timestamps) {
        if (path == null) {
            return new ChardevLog(null, false);
        }
        int whole = Boolean.TRUE.equals(append) ? DescriptorStream.O_APPEND : Libc.O_TRUNC;
        int fd = Libc.open(path, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_CLOEXEC | whole, MODE);
        if (fd < 0) {
            throw QapiException.fromErrno(fd, "Could not create '%s'", path);
        }
        return new ChardevLog(new DescriptorStream(fd), Boolean.TRUE.equals(timestamps));
    }

    void write(byte[] bytes) {
        if (file == null) {
            return;
        }
        int start = 0;
        while (timestamps && start < bytes.length) {
            if (!inLine) {
                file.write(TIME.format(Instant.now()).getBytes(StandardCharsets.US_ASCII));
            }
            int end = start;
            while (end < bytes.length && bytes[end++] != '\n') {}
            inLine = bytes[end - 1] != '\n';
            file.write(bytes, start, end - start);
            start = end;
        }
        if (!timestamps) {
            file.write(bytes);
        }
    }

    void close() {
        if (file != null) {
            file.close();
        }
    }
}

package org.qsd4j.daemon;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.qsd4j.sys.Errno;

/** What went wrong with a file, in the C library's words, where Java names only its exceptions. */
final class Reasons {
    private Reasons() {}

    static String of(IOException e) {
        if (e instanceof NoSuchFileException) {
            return Errno.message(Errno.ENOENT);
        }
        if (e instanceof AccessDeniedException) {
            return Errno.message(Errno.EACCES);
        }
        String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
        return reason == null ? e.toString() : reason;
    }
}

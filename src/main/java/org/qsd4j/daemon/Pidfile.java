package org.qsd4j.daemon;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.sys.ProcessCalls;

/**
 * The file that tells others the daemon's process id. It stays open and locked while the daemon lives, so that a second
 * daemon can't take the name. Main loop.
 */
final class Pidfile {
    private static final int OWNER_ONLY = 0600;
    /** From <fcntl.h>: locks of the open file, not of the process. */
    private static final int F_OFD_SETLK = 37;

    private static final short F_WRLCK = 1;
    private static final int SIZEOF_FLOCK = 32;

    private final String realPath;

    private Pidfile(String realPath) {
        this.realPath = realPath;
    }

    /** Creates or takes over the file and writes the process id into it. */
    static Pidfile create(String path) {
        try {
            return new Pidfile(write(path));
        } catch (QapiException e) {
            throw e.prepend("cannot create PID file: ");
        }
    }

    /** Removes the file, whoever put it there meanwhile. The lock goes with the process. */
    void remove() {
        int ignored = ProcessCalls.unlink(realPath);
    }

    private static String write(String path) {
        int fd = openLocked(path);
        try {
            int truncated = Libc.ftruncate(fd, 0);
            if (truncated < 0) {
                throw QapiException.fromErrno(truncated, "Failed to truncate pid file");
            }
            writePid(fd);
            return Path.of(path).toRealPath().toString();
        } catch (QapiException e) {
            giveUp(path, fd);
            throw e;
        } catch (IOException e) {
            giveUp(path, fd);
            throw QapiException.fromErrno(Errno.ENOENT, "could not resolve pid file path");
        }
    }

    /** A file without a process id in it must not stay. */
    private static void giveUp(String path, int fd) {
        int ignored = ProcessCalls.unlink(path);
        Libc.close(fd);
    }

    /** Tries again when another daemon, which was just ending, has removed the file before it could be locked. */
    private static int openLocked(String path) {
        while (true) {
            int fd = Libc.open(path, Libc.O_CREAT | Libc.O_WRONLY | Libc.O_CLOEXEC, OWNER_ONLY);
            if (fd < 0) {
                throw QapiException.fromErrno(fd, "Could not create '%s'", path);
            }
            int locked = lock(fd);
            if (locked < 0) {
                Libc.close(fd);
                throw QapiException.fromErrno(locked, "Cannot lock pid file");
            }
            if (isFileAt(path, fd)) {
                return fd;
            }
            Libc.close(fd);
        }
    }

    /** Whether the name still means the file that is open. */
    static boolean isFileAt(String path, int fd) {
        try {
            return Files.isSameFile(Path.of(path), Path.of("/proc/self/fd/" + fd));
        } catch (IOException e) {
            return false;
        }
    }

    private static int lock(int fd) {
        NativeBuffer flock = NativeBuffer.allocate(SIZEOF_FLOCK);
        flock.putShort(0, F_WRLCK);
        try {
            return Libc.fcntl(fd, F_OFD_SETLK, flock.address());
        } finally {
            Reference.reachabilityFence(flock);
        }
    }

    private static void writePid(int fd) {
        byte[] text = (ProcessCalls.getpid() + "\n").getBytes(StandardCharsets.US_ASCII);
        NativeBuffer buffer = NativeBuffer.allocate(text.length);
        buffer.put(0, text, 0, text.length);
        long written;
        try {
            written = Libc.write(fd, buffer.address(), text.length);
        } finally {
            Reference.reachabilityFence(buffer);
        }
        if (written != text.length) {
            throw QapiException.fromErrno(written < 0 ? (int) written : Errno.ENOSPC, "Failed to write pid file");
        }
    }
}

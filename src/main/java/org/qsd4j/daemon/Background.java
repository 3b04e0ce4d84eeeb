package org.qsd4j.daemon;

import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.sys.ProcessCalls;

/**
 * The daemon's half of {@code --daemonize}. A JVM can't fork, so the launcher starts it as a child with a pipe and waits
 * there: for the status that the launcher is to exit with, or for the end of the process. Main thread.
 */
final class Background {
    private static final int UMASK = 027;
    private static final int SIGTSTP = 20;
    private static final int SIGTTIN = 21;
    private static final int SIGTTOU = 22;

    private final int statusFd;
    private boolean told;

    private Background(int statusFd) {
        this.statusFd = statusFd;
    }

    /** The pipe to a launcher that waits, or null if none does. */
    static @Nullable Background ofLauncher() {
        Integer fd = Integer.getInteger("qsd4j.status-fd");
        return fd == null ? null : new Background(fd);
    }

    /** Leaves the terminal's session. Messages still go to the stderr that the user sees. */
    void enter() {
        ProcessCalls.setsid();
        ProcessCalls.umask(UMASK);
        ProcessCalls.ignoreSignal(SIGTSTP);
        ProcessCalls.ignoreSignal(SIGTTIN);
        ProcessCalls.ignoreSignal(SIGTTOU);
    }

    /** Everything is up: lets go of the working directory and the user's files, and lets the launcher exit. */
    void ready() {
        int directory = ProcessCalls.chdir("/");
        if (directory < 0) {
            throw QapiException.fromErrno(directory, "not able to chdir to /");
        }
        int devNull = Libc.open("/dev/null", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        if (devNull < 0) {
            throw QapiException.fromErrno(devNull, "Could not open /dev/null");
        }
        for (int fd = 0; fd <= 2; fd++) {
            ProcessCalls.dup2(devNull, fd);
        }
        Libc.close(devNull);
        tellLauncher(0);
    }

    /** What the launcher is to exit with. Only the first call counts. */
    void tellLauncher(int status) {
        if (told) {
            return;
        }
        told = true;
        byte[] text = Integer.toString(status).getBytes(StandardCharsets.US_ASCII);
        NativeBuffer buffer = NativeBuffer.allocate(text.length);
        buffer.put(0, text, 0, text.length);
        try {
            Libc.write(statusFd, buffer.address(), text.length);
        } finally {
            Reference.reachabilityFence(buffer);
        }
        Libc.close(statusFd);
    }
}

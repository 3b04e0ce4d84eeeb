package org.qsd4j.sys;

import java.lang.ref.Reference;

/**
 * Native calls about this process as a whole. Results follow the kernel's convention: a negative one is {@code -errno}.
 * Any thread, but what they change is shared by all threads, so that start and end of the program are the places for them.
 */
public final class ProcessCalls {
    private static final NativeFunction GETPID = NativeFunction.of("getpid", 0);
    private static final NativeFunction SETSID = NativeFunction.of("setsid", 0);
    private static final NativeFunction UMASK = NativeFunction.of("umask", 1);
    private static final NativeFunction CHDIR = NativeFunction.of("chdir", 1);
    private static final NativeFunction DUP2 = NativeFunction.of("dup2", 2);
    private static final NativeFunction SIGNAL = NativeFunction.of("signal", 2);
    private static final NativeFunction SIGACTION = NativeFunction.of("sigaction", 3);
    private static final NativeFunction SYMLINK = NativeFunction.of("symlink", 2);
    private static final NativeFunction UNLINK = NativeFunction.of("unlink", 1);

    private static final long SIG_IGN = 1;
    /** struct sigaction: the handler's address comes first. */
    private static final int SIZEOF_SIGACTION = 152;

    private ProcessCalls() {}

    public static int getpid() {
        return (int) GETPID.call();
    }

    /** Makes this process the leader of a new session without a terminal. */
    public static int setsid() {
        return (int) SETSID.call();
    }

    /** Sets the bits that new files don't get, and returns those that were set before. */
    public static int umask(int mask) {
        return UMASK.callInt(mask);
    }

    /** From here on relative paths in native calls start there; the JVM's own notion (user.dir) stays as it was. */
    public static int chdir(String path) {
        NativeBuffer name = Libc.cString(path);
        try {
            return CHDIR.callInt(name.address());
        } finally {
            Reference.reachabilityFence(name);
        }
    }

    public static int dup2(int from, int to) {
        return DUP2.callInt(from, to);
    }

    /** Makes a symbolic link: 0 or -errno. */
    public static int symlink(String target, String path) {
        NativeBuffer from = Libc.cString(target);
        NativeBuffer to = Libc.cString(path);
        try {
            return SYMLINK.callInt(from.address(), to.address());
        } finally {
            Reference.reachabilityFence(from);
            Reference.reachabilityFence(to);
        }
    }

    public static int unlink(String path) {
        NativeBuffer name = Libc.cString(path);
        try {
            return UNLINK.callInt(name.address());
        } finally {
            Reference.reachabilityFence(name);
        }
    }

    public static void ignoreSignal(int number) {
        SIGNAL.call(number, SIG_IGN);
    }

    /** Makes a signal do what another one does. */
    public static void copySignalAction(int from, int to) {
        NativeBuffer action = NativeBuffer.allocate(SIZEOF_SIGACTION);
        try {
            SIGACTION.call(from, 0, action.address());
            SIGACTION.call(to, action.address(), 0);
        } finally {
            Reference.reachabilityFence(action);
        }
    }

    /** Whether a signal is ignored, as the parent process may have left it. */
    public static boolean isSignalIgnored(int number) {
        NativeBuffer action = NativeBuffer.allocate(SIZEOF_SIGACTION);
        try {
            SIGACTION.call(number, 0, action.address());
        } finally {
            Reference.reachabilityFence(action);
        }
        return action.getLong(0) == SIG_IGN;
    }
}

package org.qsd4j.sys;

import java.lang.ref.Reference;

/** Waits for a file descriptor: poll(2). */
public final class Poll {
    /** From <poll.h>. */
    public static final int POLLIN = 1;

    /** From <poll.h>. */
    public static final int POLLOUT = 4;

    private static final int POLLHUP = 16;
    private static final NativeFunction POLL = NativeFunction.of("poll", 3);
    private static final int SIZEOF_POLLFD = 8;
    private static final int EVENTS = 4;
    private static final int REVENTS = 6;

    /** The kernel passes over it. */
    private static final int NO_FD = -1;

    private Poll() {}

    /** Waits without a limit until one of the events, an error or a hang-up is there: 1, or -errno. */
    public static int await(int fd, int events) {
        return await(fd, events, NO_FD);
    }

    /** The same, but input on another descriptor ends the wait too: 0 if it has some, else 1, or -errno. */
    public static int await(int fd, int events, int wakeFd) {
        NativeBuffer pollfd = NativeBuffer.allocate(2 * SIZEOF_POLLFD);
        pollfd.putInt(0, fd);
        pollfd.putShort(EVENTS, (short) events);
        pollfd.putInt(SIZEOF_POLLFD, wakeFd);
        pollfd.putShort(SIZEOF_POLLFD + EVENTS, (short) POLLIN);
        int result;
        try {
            do {
                result = POLL.callInt(pollfd.address(), 2, -1);
            } while (result == -Errno.EINTR);
        } finally {
            Reference.reachabilityFence(pollfd);
        }
        boolean woken = pollfd.getShort(SIZEOF_POLLFD + REVENTS) != 0;
        return result < 0 ? result : woken ? 0 : 1;
    }

    /** Whether the other side has hung up; doesn't wait. */
    public static boolean isHungUp(int fd) {
        return (events(fd, 0, 0) & POLLHUP) != 0;
    }

    /** Waits until there is input, but no longer than that. */
    public static void awaitInput(int fd, int millis) {
        events(fd, POLLIN, millis);
    }

    private static int events(int fd, int wanted, int millis) {
        NativeBuffer pollfd = NativeBuffer.allocate(SIZEOF_POLLFD);
        pollfd.putInt(0, fd);
        pollfd.putShort(EVENTS, (short) wanted);
        try {
            POLL.callInt(pollfd.address(), 1, millis);
            return pollfd.getShort(REVENTS);
        } finally {
            Reference.reachabilityFence(pollfd);
        }
    }
}

package org.qsd4j.sys;

import java.lang.ref.Reference;

/** Waits for a file descriptor: poll(2). */
public final class Poll {
    /** From <poll.h>. */
    public static final int POLLIN = 1;

    /** From <poll.h>. */
    public static final int POLLOUT = 4;

    private static final NativeFunction POLL = NativeFunction.of("poll", 3);
    private static final int SIZEOF_POLLFD = 8;
    private static final int EVENTS = 4;

    private Poll() {}

    /** Waits without a limit until one of the events, an error or a hang-up is there: 0 or more, or -errno. */
    public static int await(int fd, int events) {
        NativeBuffer pollfd = NativeBuffer.allocate(SIZEOF_POLLFD);
        pollfd.putInt(0, fd);
        pollfd.putShort(EVENTS, (short) events);
        int result;
        try {
            do {
                result = POLL.callInt(pollfd.address(), 1, -1);
            } while (result == -Errno.EINTR);
        } finally {
            Reference.reachabilityFence(pollfd);
        }
        return result;
    }
}

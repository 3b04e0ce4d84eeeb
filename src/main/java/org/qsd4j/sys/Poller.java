package org.qsd4j.sys;

/**
 * Waits until one of a few descriptors can be read: epoll(7). One thread waits at a time; adding and closing is that
 * thread's too.
 */
public final class Poller implements AutoCloseable {
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLLIN = 0x001;
    private static final int EPOLLEXCLUSIVE = 1 << 28;
    private static final int EPOLL_CLOEXEC = 0x80000;

    /** struct epoll_event on x86-64 is packed: events at 0, data at 4. */
    private static final int EVENT_SIZE = 12;

    private static final NativeFunction EPOLL_CREATE1 = NativeFunction.of("epoll_create1", 1);
    private static final NativeFunction EPOLL_CTL = NativeFunction.of("epoll_ctl", 4);
    private static final NativeFunction EPOLL_WAIT = NativeFunction.of("epoll_wait", 4);

    private final int fd;
    private final NativeBuffer event = NativeBuffer.allocate(EVENT_SIZE);

    private Poller(int fd) {
        this.fd = fd;
    }

    public static Poller create() throws SysException {
        return new Poller(SysException.check(EPOLL_CREATE1.callInt(EPOLL_CLOEXEC), "epoll_create1"));
    }

    /**
     * Watches a descriptor for input.
     *
     * @param exclusive several pollers watch it, and one of them is enough to be woken
     */
    public void add(int watched, boolean exclusive) throws SysException {
        event.putInt(0, exclusive ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN);
        event.putInt(4, watched);
        SysException.check(EPOLL_CTL.callInt(fd, EPOLL_CTL_ADD, watched, event.address()), "epoll_ctl");
    }

    /**
     * Sleeps until a descriptor can be read or has an error.
     *
     * @param timeoutMillis the longest sleep, -1 for no limit
     * @return the descriptor, -1 after the timeout or a signal
     */
    public int await(int timeoutMillis) {
        int ready = EPOLL_WAIT.callInt(fd, event.address(), 1, timeoutMillis);
        return ready > 0 ? event.getInt(4) : -1;
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}

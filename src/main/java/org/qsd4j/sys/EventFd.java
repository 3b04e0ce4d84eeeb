package org.qsd4j.sys;

/** A flag that a {@link Poller} can watch: eventfd(2). Once set it stays set, until somebody reads the descriptor. */
public final class EventFd implements AutoCloseable {
    private static final int EFD_CLOEXEC = 0x80000;
    private static final NativeFunction EVENTFD = NativeFunction.of("eventfd", 2);

    private static final NativeBuffer ONE = one();

    private final int fd;

    private EventFd(int fd) {
        this.fd = fd;
    }

    private static NativeBuffer one() {
        NativeBuffer one = NativeBuffer.allocate(Long.BYTES);
        one.putLong(0, 1);
        return one;
    }

    public static EventFd create() throws SysException {
        return new EventFd(SysException.check(EVENTFD.callInt(0, EFD_CLOEXEC), "eventfd"));
    }

    public int fd() {
        return fd;
    }

    /** Any thread, while it is open. */
    public void set() {
        Libc.write(fd, ONE.address(), Long.BYTES);
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}

package org.qsd4j.sys;

import java.lang.ref.Reference;

/** A flag that a {@link Poller} can watch: eventfd(2). Once set it stays set. */
public final class EventFd implements AutoCloseable {
    private static final int EFD_CLOEXEC = 0x80000;
    private static final NativeFunction EVENTFD = NativeFunction.of("eventfd", 2);

    private final int fd;

    private EventFd(int fd) {
        this.fd = fd;
    }

    public static EventFd create() throws SysException {
        return new EventFd(SysException.check(EVENTFD.callInt(0, EFD_CLOEXEC), "eventfd"));
    }

    public int fd() {
        return fd;
    }

    /** Any thread, while it is open. */
    public void set() {
        NativeBuffer one = NativeBuffer.allocate(Long.BYTES);
        one.putLong(0, 1);
        try {
            Libc.write(fd, one.address(), Long.BYTES);
        } finally {
            Reference.reachabilityFence(one);
        }
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}

package org.qsd4j.sys;

import java.lang.ref.Reference;

/** A pair of connected sockets through which a child process hands a descriptor over: SCM_RIGHTS of unix(7). */
public final class FdChannel implements AutoCloseable {
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;

    /** struct msghdr: name, namelen, iov, iovlen, control, controllen, flags. */
    private static final int MSGHDR_IOV = 16;

    private static final int MSGHDR_IOVLEN = 24;
    private static final int MSGHDR_CONTROL = 32;
    private static final int MSGHDR_CONTROLLEN = 40;
    private static final int MSGHDR_SIZE = 56;

    /** struct cmsghdr: len, level, type, then the data. */
    private static final int CMSG_LEVEL = 8;

    private static final int CMSG_TYPE = 12;
    private static final int CMSG_DATA = 16;
    private static final int CMSG_SPACE = 24;

    private static final NativeFunction RECVMSG = NativeFunction.of("recvmsg", 3);

    private final int ours;
    private int theirs;

    private FdChannel(int ours, int theirs) {
        this.ours = ours;
        this.theirs = theirs;
    }

    public static FdChannel open() throws SysException {
        SocketPair pair = SocketPair.open();
        return new FdChannel(pair.first(), pair.second());
    }

    /** The end for the child. */
    public int theirs() {
        return theirs;
    }

    /** Closes the child's end here, so that {@link #receive} sees when the child ends without sending. */
    public void closeTheirs() {
        if (theirs >= 0) {
            Libc.close(theirs);
            theirs = -1;
        }
    }

    /** Waits for a descriptor: its number, close-on-exec; -1 if the other end was closed first. */
    public int receive() {
        NativeBuffer memory = NativeBuffer.allocate(MSGHDR_SIZE + 16 + CMSG_SPACE + 8);
        int iov = MSGHDR_SIZE;
        int control = iov + 16;
        int data = control + CMSG_SPACE;
        memory.putLong(MSGHDR_IOV, memory.address() + iov);
        memory.putLong(MSGHDR_IOVLEN, 1);
        memory.putLong(MSGHDR_CONTROL, memory.address() + control);
        memory.putLong(MSGHDR_CONTROLLEN, CMSG_SPACE);
        memory.putLong(iov, memory.address() + data);
        memory.putLong(iov + 8, 1);
        long received;
        do {
            received = RECVMSG.call(ours, memory.address(), MSG_CMSG_CLOEXEC);
        } while (received == -Errno.EINTR);
        try {
            boolean isFd = received == 1
                    && memory.getLong(MSGHDR_CONTROLLEN) >= CMSG_DATA + Integer.BYTES
                    && memory.getInt(control + CMSG_LEVEL) == SOL_SOCKET
                    && memory.getInt(control + CMSG_TYPE) == SCM_RIGHTS;
            return isFd ? memory.getInt(control + CMSG_DATA) : -1;
        } finally {
            Reference.reachabilityFence(memory);
        }
    }

    @Override
    public void close() {
        Libc.close(ours);
        closeTheirs();
    }
}

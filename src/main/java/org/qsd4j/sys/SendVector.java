package org.qsd4j.sys;

import org.jspecify.annotations.Nullable;

/**
 * Two pieces of memory for one sendmsg(2), made once and used for every message of a socket. One thread at a time.
 *
 * <pre>
 *  0 msg_name, 8 msg_namelen, 16 msg_iov, 24 msg_iovlen, 32 msg_control, 40 msg_controllen, 48 msg_flags
 * 64 iov[0].base, 72 iov[0].len, 80 iov[1].base, 88 iov[1].len
 * </pre>
 */
public final class SendVector {
    private static final int MSG_IOV = 16;
    private static final int MSG_IOVLEN = 24;
    private static final int IOV = 64;
    private static final int IOV_BYTES = 16;
    private static final int SIZE = IOV + 2 * IOV_BYTES;

    private final NativeBuffer message = NativeBuffer.allocate(SIZE);

    /** Sends all of both pieces, in as few calls as the socket takes: 0 or -errno. */
    public int sendAll(
            int fd, NativeBuffer first, int firstAt, int firstBytes, @Nullable NativeBuffer second, int at, int bytes) {
        long address0 = first.address(firstAt, firstBytes);
        long address1 = second == null ? 0 : second.address(at, bytes);
        long left0 = firstBytes;
        long left1 = second == null ? 0 : bytes;
        while (left0 + left1 > 0) {
            long sent = send(fd, address0, left0, address1, left1);
            if (sent == -Errno.EINTR) {
                continue;
            }
            if (sent < 0) {
                return (int) sent;
            }
            long ofFirst = Math.min(sent, left0);
            address0 += ofFirst;
            left0 -= ofFirst;
            address1 += sent - ofFirst;
            left1 -= sent - ofFirst;
        }
        return 0;
    }

    private long send(int fd, long address0, long bytes0, long address1, long bytes1) {
        boolean both = bytes0 > 0;
        int entry = both ? IOV : IOV + IOV_BYTES;
        message.putLong(MSG_IOV, message.address(entry, IOV_BYTES));
        message.putLong(MSG_IOVLEN, both && bytes1 > 0 ? 2 : 1);
        message.putLong(IOV, address0);
        message.putLong(IOV + 8, bytes0);
        message.putLong(IOV + IOV_BYTES, address1);
        message.putLong(IOV + IOV_BYTES + 8, bytes1);
        return Sockets.sendmsg(fd, message.address(), Sockets.MSG_NOSIGNAL);
    }
}

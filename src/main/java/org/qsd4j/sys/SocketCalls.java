package org.qsd4j.sys;

import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What has to be asked about a socket that somebody else has opened. Results as in {@link Libc}. Any thread. */
public final class SocketCalls {
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int SOL_SOCKET = 1;
    private static final int SO_DOMAIN = 39;
    private static final int SOCKADDR_BYTES = 128;
    private static final int SUN_PATH = 2;
    private static final int INT_BYTES = 4;

    private static final NativeFunction GETSOCKOPT = NativeFunction.of("getsockopt", 5);
    private static final NativeFunction GETSOCKNAME = NativeFunction.of("getsockname", 3);

    private SocketCalls() {}

    /** The socket's address family, one of the AF_ constants of {@link Sockets}; -ENOTSOCK for another kind of descriptor. */
    public static int family(int fd) {
        NativeBuffer value = NativeBuffer.allocate(2 * INT_BYTES);
        value.putInt(INT_BYTES, INT_BYTES);
        int result =
                GETSOCKOPT.callInt(fd, SOL_SOCKET, SO_DOMAIN, value.address(), value.address(INT_BYTES, INT_BYTES));
        return result < 0 ? result : value.getInt(0);
    }

    /** Makes calls on the socket return -EAGAIN where they would wait. */
    public static int setNonBlocking(int fd) {
        int flags = Libc.fcntl(fd, F_GETFL, 0);
        return flags < 0 ? flags : Libc.fcntl(fd, F_SETFL, flags | Libc.O_NONBLOCK);
    }

    /** The path of a Unix domain socket; null if it has none in the file system. */
    public static @Nullable String unixPath(int fd) {
        NativeBuffer address = NativeBuffer.allocate(SOCKADDR_BYTES + INT_BYTES);
        address.putInt(SOCKADDR_BYTES, SOCKADDR_BYTES);
        int result;
        try {
            result = GETSOCKNAME.callInt(fd, address.address(), address.address(SOCKADDR_BYTES, INT_BYTES));
        } finally {
            Reference.reachabilityFence(address);
        }
        int bytes = Math.min(address.getInt(SOCKADDR_BYTES), SOCKADDR_BYTES);
        if (result < 0 || bytes <= SUN_PATH || address.getByte(SUN_PATH) == 0) {
            return null;
        }
        byte[] path = new byte[bytes - SUN_PATH];
        address.get(SUN_PATH, path, 0, path.length);
        int length = 0;
        while (length < path.length && path[length] != 0) {
            length++;
        }
        return new String(path, 0, length, StandardCharsets.UTF_8);
    }
}

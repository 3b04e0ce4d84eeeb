package org.qsd4j.sys;

import java.lang.ref.Reference;

/**
 * The C library's socket calls. Results follow the kernel's convention: a negative one is {@code -errno}; EINTR is the
 * caller's. Sockets are made with CLOEXEC. Any thread.
 */
public final class Sockets {
    public static final int AF_UNIX = 1;
    public static final int AF_INET = 2;
    public static final int AF_INET6 = 10;
    public static final int MSG_DONTWAIT = 0x40;
    public static final int MSG_NOSIGNAL = 0x4000;
    public static final int SHUT_RDWR = 2;
    private static final int SHUT_WR = 1;

    public static final int POLLIN = 1;
    public static final int POLLOUT = 4;

    public static final int IPV4_BYTES = 4;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int SOL_SOCKET = 1;
    private static final int IPPROTO_TCP = 6;
    private static final int IPPROTO_IPV6 = 41;
    private static final int SO_REUSEADDR = 2;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final int SO_KEEPALIVE = 9;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_SNDTIMEO = 21;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int TCP_NODELAY = 1;
    private static final int IPV6_V6ONLY = 26;
    private static final int SUN_PATH_BYTES = 108;
    private static final int SOCKADDR_BYTES = 128;

    private static final NativeFunction SOCKET = NativeFunction.of("socket", 3);
    private static final NativeFunction BIND = NativeFunction.of("bind", 3);
    private static final NativeFunction LISTEN = NativeFunction.of("listen", 2);
    private static final NativeFunction ACCEPT4 = NativeFunction.of("accept4", 4);
    private static final NativeFunction CONNECT = NativeFunction.of("connect", 3);
    private static final NativeFunction GETSOCKNAME = NativeFunction.of("getsockname", 3);
    private static final NativeFunction SETSOCKOPT = NativeFunction.of("setsockopt", 5);
    private static final NativeFunction SHUTDOWN = NativeFunction.of("shutdown", 2);
    private static final NativeFunction RECV = NativeFunction.of("recv", 4);
    private static final NativeFunction POLL = NativeFunction.of("poll", 3);
    private static final NativeFunction SENDMSG = NativeFunction.of("sendmsg", 3);

    private Sockets() {}

    /** A stream socket: a descriptor, or -errno. */
    public static int socket(int family) {
        return SOCKET.callInt(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }

    /** A socket for datagrams: a descriptor, or -errno. */
    public static int datagram(int family) {
        return SOCKET.callInt(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }

    public static int listen(int fd, int backlog) {
        return LISTEN.callInt(fd, backlog);
    }

    /** The next connection's descriptor, or -errno; blocks. */
    public static int accept(int fd) {
        return ACCEPT4.callInt(fd, 0, 0, SOCK_CLOEXEC);
    }

    /** Ends both directions: whoever is blocked on the socket returns. The descriptor stays open. */
    public static int shutdown(int fd) {
        return SHUTDOWN.callInt(fd, SHUT_RDWR);
    }

    /** Tells the other side that nothing more comes; what it sends is still received. */
    public static int shutdownSending(int fd) {
        return SHUTDOWN.callInt(fd, SHUT_WR);
    }

    public static long recv(int fd, long address, long bytes, int flags) {
        return RECV.call(fd, address, bytes, flags);
    }

    /** Calls on the socket return EAGAIN where they would wait: 0 or -errno. */
    public static int setNonBlocking(int fd) {
        int flags = Libc.fcntl(fd, F_GETFL, 0);
        return flags < 0 ? flags : Libc.fcntl(fd, F_SETFL, flags | Libc.O_NONBLOCK);
    }

    /**
     * Waits until the socket is ready for {@code events} or has an error.
     *
     * @param pollfd 8 bytes for the call, the calling thread's
     * @param millis the longest wait, -1 for no limit
     * @return 1 when it is, 0 after that time, or -errno
     */
    public static int poll(int fd, int events, NativeBuffer pollfd, int millis) {
        pollfd.putInt(0, fd);
        pollfd.putInt(4, events);
        return POLL.callInt(pollfd.address(0, 8), 1, millis);
    }

    static long sendmsg(int fd, long message, int flags) {
        return SENDMSG.call(fd, message, flags);
    }

    /** Binds to a path, or, if {@code isAbstract}, to a name outside the file system. */
    public static int bindUnix(int fd, String path, boolean isAbstract, boolean tight) {
        return unix(BIND, fd, path, isAbstract, tight);
    }

    public static int connectUnix(int fd, String path, boolean isAbstract, boolean tight) {
        return unix(CONNECT, fd, path, isAbstract, tight);
    }

    public static int bindInet(int fd, byte[] address, int port) {
        return inet(BIND, fd, address, port);
    }

    public static int connectInet(int fd, byte[] address, int port) {
        return inet(CONNECT, fd, address, port);
    }

    /** The port that an inet socket is bound to, or -errno. */
    public static int localPort(int fd) {
        NativeBuffer name = NativeBuffer.allocate(SOCKADDR_BYTES + 4);
        name.putInt(SOCKADDR_BYTES, SOCKADDR_BYTES);
        try {
            int result = GETSOCKNAME.callInt(fd, name.address(), name.address(SOCKADDR_BYTES, 4));
            return result < 0 ? result : name.getShortBE(2) & 0xffff;
        } finally {
            Reference.reachabilityFence(name);
        }
    }

    private static int unix(NativeFunction call, int fd, String path, boolean isAbstract, boolean tight) {
        byte[] bytes = Libc.utf8(path);
        int start = isAbstract ? 3 : 2;
        if (start - 2 + bytes.length > SUN_PATH_BYTES) {
            return -Errno.ENAMETOOLONG;
        }
        NativeBuffer name = NativeBuffer.allocate(2 + SUN_PATH_BYTES);
        name.putShort(0, (short) AF_UNIX);
        name.put(start, bytes, 0, bytes.length);
        int length = isAbstract && tight ? start + bytes.length : 2 + SUN_PATH_BYTES;
        try {
            return call.callInt(fd, name.address(), length);
        } finally {
            Reference.reachabilityFence(name);
        }
    }

    private static int inet(NativeFunction call, int fd, byte[] address, int port) {
        boolean six = address.length == 16;
        NativeBuffer name = NativeBuffer.allocate(28);
        name.putShort(0, (short) (six ? AF_INET6 : AF_INET));
        name.putShortBE(2, (short) port);
        name.put(six ? 8 : 4, address, 0, address.length);
        try {
            return call.callInt(fd, name.address(), six ? 28 : 16);
        } finally {
            Reference.reachabilityFence(name);
        }
    }

    /** Asks for buffers of {@code bytes} each way, beyond the system's limit where the process may. */
    public static void setBufferSizes(int fd, int bytes) {
        if (setOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes) < 0) {
            setOption(fd, SOL_SOCKET, SO_SNDBUF, bytes);
        }
        if (setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) < 0) {
            setOption(fd, SOL_SOCKET, SO_RCVBUF, bytes);
        }
    }

    /** No delay for small segments. An error on a socket that isn't TCP, harmless. */
    public static int setNoDelay(int fd) {
        return setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    }

    public static int setKeepAlive(int fd) {
        return setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    }

    public static int setReuseAddress(int fd) {
        return setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    }

    public static int setIpv6Only(int fd) {
        return setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }

    /** Receives, and sends (a connect, too), that wait longer fail with EAGAIN; 0 lets them wait for ever. */
    public static void setTimeouts(int fd, long receiveMillis, long sendMillis) {
        setTimeout(fd, SO_RCVTIMEO, receiveMillis);
        setTimeout(fd, SO_SNDTIMEO, sendMillis);
    }

    private static void setTimeout(int fd, int option, long millis) {
        NativeBuffer timeval = NativeBuffer.allocate(16);
        timeval.putLong(0, millis / 1000);
        timeval.putLong(8, millis % 1000 * 1000);
        try {
            SETSOCKOPT.callInt(fd, SOL_SOCKET, option, timeval.address(), 16);
        } finally {
            Reference.reachabilityFence(timeval);
        }
    }

    private static int setOption(int fd, int level, int option, int value) {
        NativeBuffer word = NativeBuffer.allocate(4);
        word.putInt(0, value);
        try {
            return SETSOCKOPT.callInt(fd, level, option, word.address(), 4);
        } finally {
            Reference.reachabilityFence(word);
        }
    }
}

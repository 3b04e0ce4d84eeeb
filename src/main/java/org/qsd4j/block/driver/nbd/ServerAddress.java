package org.qsd4j.block.driver.nbd;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.qsd4j.aio.Immutable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.InetSocketAddress;
import org.qsd4j.qapi.gen.SocketAddress;
import org.qsd4j.qapi.gen.UnixSocketAddress;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.Sockets;

/** Where a server listens, and how to get there. */
@Immutable
final class ServerAddress {
    private static final int MAX_PORT = 65535;

    private final SocketAddress address;

    /** @throws QapiException for a kind of address that nothing can be connected to */
    ServerAddress(SocketAddress address) {
        if (address instanceof SocketAddress.Fd) {
            throw QapiException.generic("only QEMU supports file descriptor passing");
        }
        this.address = address;
    }

    /** A connected socket's descriptor, the caller's to close. Sending and receiving on it give up after {@code millis}. */
    int connect(long millis) {
        return address instanceof SocketAddress.Unix unix
                ? connectUnix(unix.u(), millis)
                : connectInet(((SocketAddress.Inet) address).u(), millis);
    }

    private static int connectUnix(UnixSocketAddress u, long millis) {
        int fd = Sockets.socket(Sockets.AF_UNIX);
        check(fd, u.path());
        Sockets.setTimeouts(fd, millis, millis);
        boolean isAbstract = Boolean.TRUE.equals(u.abstract_());
        int result = Sockets.connectUnix(fd, u.path(), isAbstract, !Boolean.FALSE.equals(u.tight()));
        return connected(fd, result, u.path());
    }

    private static int connectInet(InetSocketAddress u, long millis) {
        String where = u.host() + ":" + u.port();
        int port = port(u, where);
        int error = -Errno.EAFNOSUPPORT;
        for (InetAddress candidate : resolve(u, where)) {
            boolean four = candidate instanceof Inet4Address;
            if (Boolean.FALSE.equals(four ? u.ipv4() : u.ipv6())) {
                continue;
            }
            int fd = Sockets.socket(four ? Sockets.AF_INET : Sockets.AF_INET6);
            if (fd < 0) {
                error = fd;
                continue;
            }
            Sockets.setTimeouts(fd, millis, millis);
            if (Boolean.TRUE.equals(u.keepAlive())) {
                Sockets.setKeepAlive(fd);
            }
            error = Sockets.connectInet(fd, candidate.getAddress(), port);
            if (error == 0) {
                return fd;
            }
            Libc.close(fd);
        }
        return check(error, where);
    }

    private static int port(InetSocketAddress u, String where) {
        try {
            int port = Integer.parseInt(u.port());
            if (port >= 0 && port <= MAX_PORT) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Not a number; names of services aren't looked up.
        }
        throw QapiException.generic("address resolution failed for %s: Servname not supported for ai_socktype", where);
    }

    private static InetAddress[] resolve(InetSocketAddress u, String where) {
        try {
            return InetAddress.getAllByName(u.host());
        } catch (UnknownHostException e) {
            throw QapiException.generic("address resolution failed for %s: Name or service not known", where);
        }
    }

    private static int connected(int fd, int result, String where) {
        if (result < 0) {
            Libc.close(fd);
        }
        check(result, where);
        return fd;
    }

    private static int check(int result, String where) {
        if (result < 0) {
            boolean timedOut = result == -Errno.EAGAIN || result == -Errno.EINPROGRESS;
            throw QapiException.fromErrno(timedOut ? Errno.ETIMEDOUT : result, "Failed to connect to '%s'", where);
        }
        return result;
    }

    /** As the address part of a file name: a path, or host and port. */
    String uri(String export) {
        if (address instanceof SocketAddress.Unix unix) {
            return "nbd+unix:///" + export + "?socket=" + unix.u().path();
        }
        InetSocketAddress inet = ((SocketAddress.Inet) address).u();
        return "nbd://" + inet.host() + ":" + inet.port() + (export.isEmpty() ? "" : "/" + export);
    }
}

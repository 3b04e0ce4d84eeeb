package org.qsd4j.export.nbd;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.Sockets;

/**
 * The sockets that one address stands for, listening: one, or one for each address that a host's name has.
 *
 * @param fds descriptors, the holder's to close
 * @param path the socket's file, to be removed in the end; null if there is none
 * @param description for people: where clients find it
 */
record ListeningSockets(List<Integer> fds, @Nullable String path, String description) {
    private static final int SUN_PATH_BYTES = 108;
    private static final int MAX_PORT = 65535;

    /** @throws QapiException in the real daemon's words */
    static ListeningSockets unix(String path, boolean isAbstract, boolean tight, int backlog) {
        if (path.length() > SUN_PATH_BYTES - (isAbstract ? 1 : 0)) {
            throw QapiException.generic("UNIX socket path '%s' is too long", path);
        }
        int fd = check(Sockets.socket(Sockets.AF_UNIX), "Failed to create Unix socket");
        boolean done = false;
        try {
            if (!isAbstract) {
                removeFile(path);
            }
            check(Sockets.bindUnix(fd, path, isAbstract, tight), "Failed to bind socket to %s", path);
            check(Sockets.listen(fd, backlog), "Failed to listen on socket");
            done = true;
        } finally {
            if (!done) {
                Libc.close(fd);
            }
        }
        return new ListeningSockets(List.of(fd), isAbstract ? null : path, path);
    }

    /** Whatever is at the path, except a directory, is in the way: most often the socket of a server that has died. */
    private static void removeFile(String path) {
        try {
            Path file = Path.of(path);
            if (!path.isEmpty() && !Files.isDirectory(file)) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw QapiException.generic("Failed to unlink socket %s", path);
        }
    }

    /**
     * Listens on all addresses of a host, on the first port of the range that is free.
     *
     * @param host a name or an address; empty for every address of this machine
     * @param to the last port to try; null for {@code port} alone
     * @param ipv4 false: not on IPv4; null: as the host resolves
     * @throws QapiException in the real daemon's words
     */
    static ListeningSockets inet(
            String host,
            String port,
            @Nullable Integer to,
            @Nullable Boolean ipv4,
            @Nullable Boolean ipv6,
            int backlog) {
        int first = parsePort(host, port);
        int last = to == null ? first : to;
        List<InetAddress> addresses = resolve(host, port, ipv4, ipv6);
        int error = Errno.EADDRINUSE;
        for (int candidate = first; candidate <= last; candidate++) {
            List<Integer> fds = new ArrayList<>();
            error = bindAll(addresses, candidate, backlog, fds);
            if (error == 0) {
                int actual = Sockets.localPort(fds.get(0));
                return new ListeningSockets(List.copyOf(fds), null, (host.isEmpty() ? "0.0.0.0" : host) + ":" + actual);
            }
            fds.forEach(Libc::close);
            if (error != Errno.EADDRINUSE) {
                throw QapiException.fromErrno(error, "Failed to bind socket");
            }
        }
        throw QapiException.fromErrno(error, "Failed to find an available port");
    }

    private static int bindAll(List<InetAddress> addresses, int port, int backlog, List<Integer> fds) {
        for (InetAddress address : addresses) {
            boolean four = address instanceof Inet4Address;
            int fd = Sockets.socket(four ? Sockets.AF_INET : Sockets.AF_INET6);
            if (fd == -Errno.EAFNOSUPPORT && addresses.size() > 1) {
                continue;
            }
            check(fd, "Failed to create socket");
            fds.add(fd);
            Sockets.setReuseAddress(fd);
            if (!four) {
                Sockets.setIpv6Only(fd);
            }
            int result = Sockets.bindInet(fd, address.getAddress(), port);
            if (result == 0) {
                result = Sockets.listen(fd, backlog);
            }
            if (result < 0) {
                return -result;
            }
        }
        return fds.isEmpty() ? Errno.EAFNOSUPPORT : 0;
    }

    private static int parsePort(String host, String port) {
        try {
            int number = port.isEmpty() ? 0 : Integer.parseInt(port);
            if (number >= 0 && number <= MAX_PORT) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Not a number; names of services aren't looked up.
        }
        throw QapiException.generic(
                "address resolution failed for %s:%s: Servname not supported for ai_socktype", host, port);
    }

    private static List<InetAddress> resolve(String host, String port, @Nullable Boolean ipv4, @Nullable Boolean ipv6) {
        if (Boolean.FALSE.equals(ipv4) && Boolean.FALSE.equals(ipv6)) {
            throw QapiException.generic("Cannot disable IPv4 and IPv6 at same time");
        }
        boolean want4 = ipv4 == null ? !Boolean.TRUE.equals(ipv6) : ipv4;
        boolean want6 = ipv6 == null ? !Boolean.TRUE.equals(ipv4) : ipv6;
        List<InetAddress> wanted = new ArrayList<>();
        for (InetAddress address : lookUp(host, port)) {
            if (address instanceof Inet4Address ? want4 : want6) {
                wanted.add(address);
            }
        }
        if (wanted.isEmpty()) {
            throw QapiException.generic(
                    "address resolution failed for %s:%s: Address family for hostname not supported", host, port);
        }
        return wanted;
    }

    private static List<InetAddress> lookUp(String host, String port) {
        try {
            return host.isEmpty()
                    ? List.of(InetAddress.getByName("0.0.0.0"), InetAddress.getByName("::"))
                    : List.of(InetAddress.getAllByName(host));
        } catch (UnknownHostException e) {
            throw QapiException.generic("address resolution failed for %s:%s: Name or service not known", host, port);
        }
    }

    private static int check(int result, String what, Object... args) {
        if (result < 0) {
            throw QapiException.fromErrno(result, what, args);
        }
        return result;
    }
}

package org.qsd4j.chardev;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.UnixSocketAddress;

/** The schema's addresses made into Netty's and the JDK's. QEMU: qemu-sockets.c. */
final class SocketAddresses {
    private static final int SUN_PATH_BYTES = 108;
    private static final int MAX_PORT = 0xffff;

    private SocketAddresses() {}

    static boolean isAbstract(UnixSocketAddress address) {
        return Boolean.TRUE.equals(address.abstract_());
    }

    /**
     * Throws QapiException if the path is too long.
     *
     * @param hint whether the error says how long it may be
     */
    static void check(UnixSocketAddress address, boolean hint) {
        int max = maxBytes(address);
        int bytes = address.path().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > max) {
            QapiException e = QapiException.generic("UNIX socket path '%s' is too long", address.path());
            throw hint ? e.withHint("Path must be less than " + max + " bytes") : e;
        }
    }

    private static int maxBytes(UnixSocketAddress address) {
        return isAbstract(address) ? SUN_PATH_BYTES - 1 : SUN_PATH_BYTES;
    }

    /** The address to connect to; throws QapiException if the path is too long. */
    static DomainSocketAddress unix(UnixSocketAddress address) {
        check(address, false);
        if (!isAbstract(address)) {
            return new DomainSocketAddress(address.path());
        }
        boolean tight = !Boolean.FALSE.equals(address.tight());
        int padding = maxBytes(address) - address.path().getBytes(StandardCharsets.UTF_8).length;
        return new DomainSocketAddress("\0" + address.path() + (tight ? "" : "\0".repeat(padding)));
    }

    /** The addresses to listen on or connect to, never empty, all with the same port. */
    static List<InetSocketAddress> inet(org.qsd4j.qapi.gen.InetSocketAddress address) {
        String shown = address.host() + ":" + address.port();
        int port = port(address.port(), shown);
        InetAddress[] hosts = hosts(address.host(), shown);
        List<InetSocketAddress> usable = Arrays.stream(hosts)
                .filter(host -> isWanted(host, address.ipv4(), address.ipv6()))
                .map(host -> new InetSocketAddress(host, port))
                .toList();
        if (usable.isEmpty()) {
            throw resolutionFailed(shown, "Address family for hostname not supported");
        }
        return usable;
    }

    private static InetAddress[] hosts(String host, String shown) {
        try {
            return host.isEmpty()
                    ? new InetAddress[] {new InetSocketAddress(0).getAddress()}
                    : InetAddress.getAllByName(host);
        } catch (UnknownHostException e) {
            throw resolutionFailed(shown, "Name or service not known");
        }
    }

    /** Like the C library, which takes the lower 16 bits of whatever number it gets. */
    private static int port(String port, String shown) {
        if (port.isEmpty() || port.length() > 10 || !port.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw resolutionFailed(shown, "Servname not supported for ai_socktype");
        }
        return (int) (Long.parseLong(port) & MAX_PORT);
    }

    private static boolean isWanted(InetAddress host, @Nullable Boolean ipv4, @Nullable Boolean ipv6) {
        if (host.isAnyLocalAddress()) {
            return true;
        }
        boolean v4 = host instanceof Inet4Address;
        Boolean own = v4 ? ipv4 : ipv6;
        Boolean other = v4 ? ipv6 : ipv4;
        return own == null ? !Boolean.TRUE.equals(other) : own;
    }

    private static QapiException resolutionFailed(String shown, String why) {
        return QapiException.generic("address resolution failed for %s: %s", shown, why);
    }

    /** {@code host:port}, an IPv6 host in brackets. */
    static String shown(InetSocketAddress address) {
        InetAddress host = address.getAddress();
        String text = host.isAnyLocalAddress() ? "0.0.0.0" : host.getHostAddress();
        boolean brackets = host instanceof Inet6Address && !host.isAnyLocalAddress();
        return (brackets ? "[" + text + "]" : text) + ":" + address.getPort();
    }
}

package org.qsd4j.chardev;

import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ChardevUdp;
import org.qsd4j.qapi.gen.SocketAddressLegacy;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.Sockets;

/** Opens chardevs over datagrams. QEMU: char-udp.c. */
final class UdpSockets {
    private UdpSockets() {}

    static Chardev open(String id, ChardevLog log, ChardevUdp udp) {
        InetSocketAddress remote = addresses(udp.remote()).get(0);
        InetSocketAddress local = udp.local() == null ? null : sameFamily(addresses(udp.local()), remote);
        int fd = connect(remote, local);
        try {
            return new DescriptorChardev(id, log, "chardev-udp", "udp", fd, fd);
        } catch (QapiException e) {
            Libc.close(fd);
            throw e;
        }
    }

    private static List<InetSocketAddress> addresses(SocketAddressLegacy address) {
        if (!(address instanceof SocketAddressLegacy.Inet inet)) {
            throw QapiException.generic("socket type unsupported for datagram");
        }
        return SocketAddresses.inet(inet.u().data());
    }

    private static InetSocketAddress sameFamily(List<InetSocketAddress> local, InetSocketAddress remote) {
        int bytes = remote.getAddress().getAddress().length;
        return local.stream()
                .filter(address -> address.getAddress().getAddress().length == bytes)
                .findFirst()
                .orElse(local.get(0));
    }

    private static int connect(InetSocketAddress remote, @Nullable InetSocketAddress local) {
        byte[] address = remote.getAddress().getAddress();
        int fd = Sockets.datagram(address.length == Sockets.IPV4_BYTES ? Sockets.AF_INET : Sockets.AF_INET6);
        if (fd < 0) {
            throw QapiException.fromErrno(fd, "Failed to create socket");
        }
        Sockets.setReuseAddress(fd);
        int result = 0;
        if (local != null) {
            result = Sockets.bindInet(fd, local.getAddress().getAddress(), local.getPort());
        }
        String failure = "Failed to bind socket";
        if (result >= 0) {
            result = Sockets.connectInet(fd, address, remote.getPort());
            failure = "Failed to connect to '" + remote.getAddress().getHostAddress() + ":" + remote.getPort() + "'";
        }
        if (result < 0) {
            Libc.close(fd);
            throw QapiException.fromErrno(result, "%s", failure);
        }
        return fd;
    }
}

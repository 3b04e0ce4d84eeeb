package org.qsd4j.chardev;

import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ChardevSocket;
import org.qsd4j.qapi.gen.SocketAddressLegacy;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.tls.TlsCreds;
import org.qsd4j.util.Reporter;

/** Opens socket chardevs; the checks come in QEMU's order. Main loop. */
final class ChardevSockets {
    private ChardevSockets() {}

    /**
     * @param objects where TLS credentials and who decides about clients are looked up
     * @param inherited whether a descriptor's number may be given; it has come to the process when it was started
     */
    static Chardev open(
            String id,
            ChardevLog log,
            ChardevSocket socket,
            ObjectRegistry objects,
            boolean inherited,
            SocketLoop loop,
            PeerWait peerWait,
            Reporter reporter) {
        boolean server = !Boolean.FALSE.equals(socket.server());
        TlsSide tls = tls(socket, server, objects);
        checkAddress(socket);
        checkRole(socket, server);
        SocketTarget target = target(socket, inherited);
        boolean noDelay = Boolean.TRUE.equals(socket.nodelay());
        long reconnect = socket.reconnectMs() == null ? 0 : socket.reconnectMs();
        SocketEndpoint endpoint =
                server ? new SocketServer(target, noDelay) : new SocketClient(target, reconnect, reporter);
        SocketChardev chardev = new SocketChardev(id, log, loop.get(), endpoint, SocketLayers.of(socket, server, tls));
        chardev.open();
        if (server && Boolean.TRUE.equals(socket.wait_())) {
            reporter.info("QEMU waiting for connection on: " + chardev.filename());
            try {
                peerWait.await(chardev.firstPeer());
            } catch (QapiException e) {
                chardev.closePeer();
                throw e;
            }
        }
        return chardev;
    }

    private static @Nullable TlsSide tls(ChardevSocket socket, boolean server, ObjectRegistry objects) {
        if (socket.tlsCreds() == null) {
            return null;
        }
        TlsCreds creds = objects.tlsCreds(socket.tlsCreds(), server);
        String hostname = !server && socket.addr() instanceof SocketAddressLegacy.Inet inet
                ? inet.u().data().host()
                : null;
        return new TlsSide(creds, hostname, server ? socket.tlsAuthz() : null, objects);
    }

    private static void checkAddress(ChardevSocket socket) {
        boolean tls = socket.tlsCreds() != null;
        if (socket.addr() instanceof SocketAddressLegacy.Fd) {
            if (reconnects(socket)) {
                throw QapiException.generic("'reconnect-ms' option is incompatible with 'fd' address type");
            }
            // As in QEMU, a server counts as one here only if it says so.
            if (tls && !Boolean.TRUE.equals(socket.server())) {
                throw QapiException.generic("'tls_creds' option is incompatible with 'fd' address type as client");
            }
        } else if (tls && socket.addr() instanceof SocketAddressLegacy.Unix) {
            throw QapiException.generic("'tls_creds' option is incompatible with 'unix' address type");
        }
    }

    private static boolean reconnects(ChardevSocket socket) {
        return socket.reconnectMs() != null && socket.reconnectMs() != 0;
    }

    private static void checkRole(ChardevSocket socket, boolean server) {
        if (socket.tlsAuthz() != null && socket.tlsCreds() == null) {
            throw QapiException.generic("'tls_authz' option requires 'tls_creds' option");
        }
        if (server && reconnects(socket)) {
            throw QapiException.generic("'reconnect-ms' option is incompatible with socket in server listen mode");
        }
        if (!server && Boolean.TRUE.equals(socket.websocket())) {
            throw QapiException.generic("Websocket client is not implemented");
        }
        if (!server && socket.wait_() != null) {
            throw QapiException.generic("'wait' option is incompatible with socket in client connect mode");
        }
    }

    private static SocketTarget target(ChardevSocket socket, boolean inherited) {
        SocketAddressLegacy address = socket.addr();
        if (address instanceof SocketAddressLegacy.Unix unix) {
            return new UnixTarget(unix.u().data());
        }
        if (address instanceof SocketAddressLegacy.Inet inet) {
            return new InetTarget(inet.u().data(), SocketLayers.scheme(socket), Boolean.TRUE.equals(socket.nodelay()));
        }
        if (!inherited) {
            throw QapiException.generic("only QEMU supports file descriptor passing");
        }
        return new FdTarget(((SocketAddressLegacy.Fd) address).u().data().str(), SocketLayers.scheme(socket));
    }
}

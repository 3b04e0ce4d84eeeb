package org.qsd4j.chardev;

import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ChardevSocket;
import org.qsd4j.qapi.gen.SocketAddressLegacy;
import org.qsd4j.util.Reporter;

/** Opens socket chardevs; the checks come in QEMU's order. Main loop. */
final class ChardevSockets {
    private ChardevSockets() {}

    static Chardev open(String id, ChardevSocket socket, SocketLoop loop, PeerWait peerWait, Reporter reporter) {
        boolean server = !Boolean.FALSE.equals(socket.server());
        check(socket, server);
        SocketTarget target = target(socket);
        ChardevLog log = ChardevFactory.log(socket.logfile(), socket.logappend(), socket.logtimestamp());
        boolean noDelay = Boolean.TRUE.equals(socket.nodelay());
        long reconnect = socket.reconnectMs() == null ? 0 : socket.reconnectMs();
        SocketEndpoint endpoint =
                server ? new SocketServer(target, noDelay) : new SocketClient(target, reconnect, reporter);
        SocketChardev chardev = new SocketChardev(id, log, loop.get(), endpoint);
        try {
            chardev.open();
        } catch (QapiException e) {
            log.close();
            throw e;
        }
        if (server && Boolean.TRUE.equals(socket.wait_())) {
            reporter.info("QEMU waiting for connection on: " + chardev.filename());
            try {
                peerWait.await(chardev.firstPeer());
            } catch (QapiException e) {
                chardev.close();
                throw e;
            }
        }
        return chardev;
    }

    private static void check(ChardevSocket socket, boolean server) {
        boolean reconnects = socket.reconnectMs() != null && socket.reconnectMs() != 0;
        if (reconnects && socket.addr() instanceof SocketAddressLegacy.Fd) {
            throw QapiException.generic("'reconnect-ms' option is incompatible with 'fd' address type");
        }
        if (socket.tlsAuthz() != null && socket.tlsCreds() == null) {
            throw QapiException.generic("'tls_authz' option requires 'tls_creds' option");
        }
        if (server && reconnects) {
            throw QapiException.generic("'reconnect-ms' option is incompatible with socket in server listen mode");
        }
        if (!server && Boolean.TRUE.equals(socket.websocket())) {
            throw QapiException.generic("Websocket client is not implemented");
        }
        if (!server && socket.wait_() != null) {
            throw QapiException.generic("'wait' option is incompatible with socket in client connect mode");
        }
        if (socket.tlsCreds() != null) {
            throw QapiException.generic("No TLS credentials with id '%s'", socket.tlsCreds());
        }
        refuse("telnet", socket.telnet());
        refuse("tn3270", socket.tn3270());
        refuse("websocket", socket.websocket());
    }

    private static void refuse(String option, @Nullable Boolean value) {
        if (Boolean.TRUE.equals(value)) {
            throw QapiException.generic("Parameter '%s' expects 'off'", option);
        }
    }

    private static SocketTarget target(ChardevSocket socket) {
        SocketAddressLegacy address = socket.addr();
        if (address instanceof SocketAddressLegacy.Unix unix) {
            return new UnixTarget(unix.u().data());
        }
        if (address instanceof SocketAddressLegacy.Inet inet) {
            return new InetTarget(inet.u().data(), Boolean.TRUE.equals(socket.nodelay()));
        }
        return new FdTarget(((SocketAddressLegacy.Fd) address).u().data().str());
    }
}

package org.qsd4j.chardev;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.UnixChannel;
import org.jspecify.annotations.Nullable;
import org.qsd4j.nbd.SocketChannel;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ChardevSocket;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.SysException;

/**
 * What lies between a socket chardev's connections and the stream of bytes: TLS, then WebSocket, then telnet, each if
 * wanted. Turns a new connection into a peer once the beginnings of all of them are over. Immutable.
 *
 * @param offersTelnet whether telnet commands are looked at; those who connect to somebody never do
 */
@SuppressWarnings("FutureReturnValueIgnored") // what comes of a write or a close shows in channelInactive
record SocketLayers(@Nullable TlsSide tls, boolean webSocket, boolean offersTelnet, boolean tn3270) {
    static SocketLayers of(ChardevSocket socket, boolean server, @Nullable TlsSide tls) {
        boolean tn3270 = Boolean.TRUE.equals(socket.tn3270());
        boolean telnet = tn3270 || Boolean.TRUE.equals(socket.telnet());
        return new SocketLayers(tls, Boolean.TRUE.equals(socket.websocket()), server && telnet, tn3270);
    }

    /** How the file name of an Internet socket begins. */
    static String scheme(ChardevSocket socket) {
        if (Boolean.TRUE.equals(socket.telnet())) {
            return "telnet:";
        }
        return Boolean.TRUE.equals(socket.websocket()) ? "websocket:" : "tcp:";
    }

    /** Begins with a connection, which the chardev is told of when it is ready. The socket thread. */
    void begin(SocketChardev chardev, Channel connection, String filename) {
        TlsSide side = tls;
        if (side == null) {
            beginPlain(chardev, connection, filename, null);
            return;
        }
        int fd = Libc.duplicate(((UnixChannel) connection).fd().intValue());
        if (connection.isRegistered()) {
            connection.close();
        } else {
            connection.unsafe().closeForcibly();
        }
        if (fd < 0) {
            chardev.failed(QapiException.fromErrno(fd, "Failed to duplicate a descriptor"));
            return;
        }
        beginTls(chardev, side, new SocketChannel(fd), filename);
    }

    private void beginTls(SocketChardev chardev, TlsSide side, SocketChannel remote, String filename) {
        try {
            TlsBridge started = TlsBridge.start(side, chardev.id(), remote, new TlsBridge.Listener() {
                @Override
                public void ready(TlsBridge bridge, int fd) {
                    Runnable begin = () -> beginPlain(chardev, new EpollDomainSocketChannel(fd), filename, bridge);
                    if (!chardev.tryExecute(begin)) {
                        // The bridge ends by itself once its other end is closed.
                        new SocketChannel(fd).close();
                    }
                }

                @Override
                public void failed(QapiException why) {
                    chardev.execute(() -> chardev.failed(why));
                }
            });
            chardev.beginning(started::abort);
        } catch (SysException e) {
            remote.close();
            chardev.failed(QapiException.fromErrno(e.errno(), "Failed to create a socket"));
        }
    }

    private void beginPlain(SocketChardev chardev, Channel connection, String filename, @Nullable TlsBridge bridge) {
        SocketPeer peer = new SocketPeer(chardev, connection, filename, bridge);
        TelnetHandler telnet = offersTelnet ? new TelnetHandler(tn3270) : null;
        if (telnet != null) {
            connection.pipeline().addFirst(telnet);
        }
        Runnable ready = () -> {
            connection.config().setAutoRead(false);
            if (telnet != null) {
                connection.writeAndFlush(telnet.offer());
            }
            chardev.connected(peer);
        };
        if (webSocket) {
            connection.pipeline().addFirst(new WebSocketHandler(ready));
        }
        ChannelFuture registered = connection.isRegistered()
                ? connection.newSucceededFuture()
                : chardev.loop().register(connection);
        registered.addListener(done -> {
            if (!done.isSuccess()) {
                chardev.failed(QapiException.generic("%s", String.valueOf(done.cause())));
                return;
            }
            chardev.beginning(peer::abort);
            if (webSocket) {
                connection.config().setAutoRead(true);
            } else {
                ready.run();
            }
        });
    }
}

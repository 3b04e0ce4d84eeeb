package org.qsd4j.chardev;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollServerChannelConfig;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/** A TCP socket. */
final class InetTarget implements SocketTarget {
    private final org.qsd4j.qapi.gen.InetSocketAddress address;
    private final String scheme;
    private final boolean noDelay;

    /** @param scheme how query-chardev's file name begins */
    InetTarget(org.qsd4j.qapi.gen.InetSocketAddress address, String scheme, boolean noDelay) {
        this.address = address;
        this.scheme = scheme;
        this.noDelay = noDelay;
    }

    /** Registers the channel and makes it listen for one connection at a time: 0, or a positive error number. */
    static int bind(EventLoop loop, ServerChannel listener, SocketAddress local) {
        listener.config().setAutoRead(false);
        ((EpollServerChannelConfig) listener.config()).setBacklog(1);
        int errno = SocketErrors.await(loop.register(listener));
        if (errno == 0) {
            errno = SocketErrors.await(listener.bind(local));
        }
        if (errno != 0) {
            listener.close().awaitUninterruptibly();
        }
        return errno;
    }

    /** One socket for each address of the host; it is enough if one of them works. */
    @Override
    public List<Channel> listen(EventLoop loop) {
        List<Channel> listeners = new ArrayList<>();
        int errno = 0;
        for (InetSocketAddress local : SocketAddresses.inet(address)) {
            int last = address.to() == null ? local.getPort() : Math.max(address.to(), local.getPort());
            int result = Errno.EADDRINUSE;
            for (int port = local.getPort(); port <= last && result == Errno.EADDRINUSE; port++) {
                EpollServerSocketChannel listener = SocketErrors.create(EpollServerSocketChannel::new);
                listener.config().setReuseAddress(true);
                result = bind(loop, listener, new InetSocketAddress(local.getAddress(), port));
                if (result == 0) {
                    listeners.add(listener);
                }
            }
            errno = result == 0 ? errno : result;
        }
        if (listeners.isEmpty()) {
            throw QapiException.fromErrno(
                    errno,
                    "%s",
                    errno == Errno.EADDRINUSE ? "Failed to find an available port" : "Failed to bind socket");
        }
        return listeners;
    }

    @Override
    public Connecting connect(EventLoop loop) {
        return connect(loop, SocketAddresses.inet(address), noDelay);
    }

    /**
     * Tries one address after the other until one takes the connection: the last attempt, which alone still has a socket.
     *
     * @param remotes not empty
     */
    static Connecting connect(EventLoop loop, List<InetSocketAddress> remotes, boolean noDelay) {
        Connecting last = connect(loop, remotes.get(0), noDelay);
        for (int i = 1;
                i < remotes.size() && !last.done().awaitUninterruptibly().isSuccess();
                i++) {
            last.channel().close().awaitUninterruptibly();
            last = connect(loop, remotes.get(i), noDelay);
        }
        return last;
    }

    private static Connecting connect(EventLoop loop, InetSocketAddress remote, boolean noDelay) {
        EpollSocketChannel channel = SocketErrors.create(EpollSocketChannel::new);
        channel.config().setAutoRead(false);
        channel.config().setTcpNoDelay(noDelay);
        loop.register(channel).awaitUninterruptibly();
        return new Connecting(channel, channel.connect(remote));
    }

    @Override
    public @Nullable String socketFile() {
        return null;
    }

    /** A listener's own port, which the kernel has chosen if port 0 was asked for. */
    @Override
    public String filename(@Nullable Channel listener) {
        if (listener == null) {
            return scheme + shown();
        }
        InetSocketAddress local = (InetSocketAddress) listener.localAddress();
        String host = local.getAddress().isAnyLocalAddress()
                ? "0.0.0.0"
                : local.getAddress().getHostAddress();
        return scheme + host + ":" + local.getPort();
    }

    @Override
    public String filenameOfPeer(Channel peer, String role) {
        return filenameOf(scheme, peer, role);
    }

    static String filenameOf(String scheme, Channel peer, String role) {
        return scheme + SocketAddresses.shown((InetSocketAddress) peer.localAddress()) + role + " <-> "
                + SocketAddresses.shown((InetSocketAddress) peer.remoteAddress());
    }

    @Override
    public JsonNode address() {
        return address.toJson().put("type", "inet");
    }

    @Override
    public String shown() {
        return address.host() + ":" + address.port();
    }
}

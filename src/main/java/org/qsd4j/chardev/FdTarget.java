package org.qsd4j.chardev;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.sys.SocketCalls;
import org.qsd4j.sys.Sockets;

/** A socket that whoever started us has opened. */
final class FdTarget implements SocketTarget {
    private final String scheme;
    private final int fd;
    private final boolean unix;
    private final @Nullable String path;
    private final @Nullable String file;

    /**
     * @param number the descriptor's number as typed
     * @param scheme how query-chardev's file name of an Internet socket begins
     */
    FdTarget(String number, String scheme) {
        this.scheme = scheme;
        if (number.isEmpty() || number.length() > 9 || !number.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw QapiException.generic("Unable to parse FD number %s", number);
        }
        this.fd = Integer.parseInt(number);
        int family = SocketCalls.family(fd);
        if (family < 0) {
            throw QapiException.generic("File descriptor '%s' is not a socket", number);
        }
        SocketCalls.setNonBlocking(fd);
        this.unix = family == Sockets.AF_UNIX;
        this.path = unix ? SocketCalls.unixPath(fd) : null;
        // Absolute now, because a daemon that goes to the background changes its directory.
        this.file = path == null ? null : Path.of(path).toAbsolutePath().toString();
    }

    @Override
    public List<Channel> listen(EventLoop loop) {
        int result = Sockets.listen(fd, 1);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Failed to listen on fd socket");
        }
        Channel listener = unix ? new EpollServerDomainSocketChannel(fd) : new EpollServerSocketChannel(fd);
        listener.config().setAutoRead(false);
        loop.register(listener).awaitUninterruptibly();
        return List.of(listener);
    }

    @Override
    public Connecting connect(EventLoop loop) {
        Channel channel = unix ? new EpollDomainSocketChannel(fd) : new EpollSocketChannel(fd);
        channel.config().setAutoRead(false);
        ChannelFuture registered = loop.register(channel);
        return new Connecting(channel, registered);
    }

    @Override
    public @Nullable String socketFile() {
        return file;
    }

    @Override
    public String filename(@Nullable Channel listener) {
        if (unix) {
            return "unix:" + (path == null ? "" : path);
        }
        return listener == null ? scheme : scheme + SocketAddresses.shown((InetSocketAddress) listener.localAddress());
    }

    @Override
    public String filenameOfPeer(Channel peer, String role) {
        return unix ? filename(null) + role : InetTarget.filenameOf(scheme, peer, role);
    }

    @Override
    public JsonNode address() {
        return unix
                ? QapiJson.object().put("type", "unix").put("path", path == null ? "" : path)
                : QapiJson.object().put("type", "fd").put("str", String.valueOf(fd));
    }

    @Override
    public String shown() {
        return String.valueOf(fd);
    }
}

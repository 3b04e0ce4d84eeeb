package org.qsd4j.chardev;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.UnixSocketAddress;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.ProcessCalls;
import org.qsd4j.sys.SocketCalls;
import org.qsd4j.sys.Sockets;

/** A Unix domain socket, in the file system or in the abstract namespace. */
final class UnixTarget implements SocketTarget {
    private final UnixSocketAddress address;
    private @Nullable String socketFile;

    UnixTarget(UnixSocketAddress address) {
        this.address = address;
    }

    @Override
    public List<Channel> listen(EventLoop loop) {
        SocketAddresses.check(address, true);
        if (!SocketAddresses.isAbstract(address)) {
            int unlinked = ProcessCalls.unlink(address.path());
            if (unlinked < 0 && unlinked != -Errno.ENOENT) {
                throw QapiException.fromErrno(unlinked, "Failed to unlink socket %s", address.path());
            }
        }
        Channel listener = bind(loop);
        if (!SocketAddresses.isAbstract(address)) {
            // Absolute, because a daemon that goes to the background changes its directory.
            socketFile = Path.of(address.path()).toAbsolutePath().toString();
        }
        return List.of(listener);
    }

    /** By hand, since Netty takes no path of the full length that the kernel takes. */
    private Channel bind(EventLoop loop) {
        int fd = Sockets.socket(Sockets.AF_UNIX);
        if (fd < 0) {
            throw QapiException.fromErrno(fd, "Failed to create Unix socket");
        }
        boolean tight = !Boolean.FALSE.equals(address.tight());
        int result = Sockets.bindUnix(fd, address.path(), SocketAddresses.isAbstract(address), tight);
        if (result == 0) {
            result = Sockets.listen(fd, 1);
        }
        if (result == 0) {
            result = SocketCalls.setNonBlocking(fd);
        }
        if (result < 0) {
            Libc.close(fd);
            throw QapiException.fromErrno(result, "Failed to bind socket to %s", address.path());
        }
        Channel listener = new EpollServerDomainSocketChannel(fd);
        listener.config().setAutoRead(false);
        loop.register(listener).awaitUninterruptibly();
        return listener;
    }

    @Override
    public Connecting connect(EventLoop loop) {
        DomainSocketAddress remote = SocketAddresses.unix(address);
        EpollDomainSocketChannel channel = SocketErrors.create(EpollDomainSocketChannel::new);
        channel.config().setAutoRead(false);
        loop.register(channel).awaitUninterruptibly();
        return new Connecting(channel, channel.connect(remote));
    }

    @Override
    public @Nullable String socketFile() {
        return socketFile;
    }

    @Override
    public String filename(@Nullable Channel listener) {
        String kind = "";
        if (SocketAddresses.isAbstract(address)) {
            kind = Boolean.FALSE.equals(address.tight()) ? ",abstract=on" : ",abstract=on,tight=on";
        }
        return "unix:" + address.path() + kind;
    }

    @Override
    public String filenameOfPeer(Channel peer, String role) {
        return filename(null) + role;
    }

    @Override
    public JsonNode address() {
        return address.toJson().put("type", "unix");
    }

    @Override
    public String shown() {
        return address.path();
    }
}

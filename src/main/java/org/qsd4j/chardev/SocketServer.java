package org.qsd4j.chardev;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.qsd4j.sys.ProcessCalls;

/** Listens, and lets in one peer at a time. */
@SuppressWarnings("FutureReturnValueIgnored") // closing has no one to tell of a failure
final class SocketServer implements SocketEndpoint {
    private static final long RETRY_MILLIS = 100;

    private final SocketTarget target;
    private final boolean noDelay;
    private final List<Channel> listeners = new ArrayList<>();
    private @Nullable String socketFile;

    SocketServer(SocketTarget target, boolean noDelay) {
        this.target = target;
        this.noDelay = noDelay;
    }

    @Override
    public void open(SocketChardev chardev) {
        listeners.addAll(target.listen(chardev.loop()));
        socketFile = target.socketFile();
        for (Channel listener : listeners) {
            listener.pipeline().addLast(new Acceptor(chardev));
        }
        chardev.loop().execute(() -> next(chardev));
    }

    @Override
    public void next(SocketChardev chardev) {
        listen(true);
    }

    private void listen(boolean on) {
        listeners.forEach(listener -> listener.config().setAutoRead(on));
    }

    @Override
    public void close() {
        listeners.forEach(Channel::close);
        if (socketFile != null) {
            ProcessCalls.unlink(socketFile);
            socketFile = null;
        }
    }

    @Override
    public JsonNode address() {
        return target.address();
    }

    @Override
    public String filename() {
        return target.filename(listeners.isEmpty() ? null : listeners.get(0)) + ",server=on";
    }

    @Override
    public String filename(Channel peer) {
        return target.filenameOfPeer(peer, ",server=on");
    }

    /** Takes the next connection of one listening socket. */
    private final class Acceptor extends SocketHandler {
        private final SocketChardev chardev;

        Acceptor(SocketChardev chardev) {
            this.chardev = chardev;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            Channel accepted = (Channel) message;
            if (chardev.isTaken()) {
                accepted.unsafe().closeForcibly();
                return;
            }
            listen(false);
            if (noDelay) {
                accepted.config().setOption(ChannelOption.TCP_NODELAY, true);
            }
            chardev.accept(accepted);
        }

        /** No descriptor may be free for a new connection; it waits in the kernel until one is. */
        @Override
        void failed(ChannelHandlerContext ctx, Throwable cause) {
            listen(false);
            chardev.loop()
                    .schedule(
                            () -> {
                                if (!chardev.isTaken()) {
                                    next(chardev);
                                }
                            },
                            RETRY_MILLIS,
                            TimeUnit.MILLISECONDS);
        }
    }
}

package org.qsd4j.chardev;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection of a socket chardev. Nothing is read while the frontend leaves input untaken or the peer leaves output
 * unread, so that memory stays bounded whatever the peer does. The socket thread.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what comes of a write or a close shows in channelInactive
final class SocketPeer extends SocketHandler {
    private static final int MAX_KEPT_BYTES = 64 << 10;
    private static final WriteBufferWaterMark UNREAD_OUTPUT = new WriteBufferWaterMark(1 << 20, 4 << 20);

    /** Events come whether the peer reads or not; a peer that lets this much pile up is dropped. */
    private static final long MAX_UNREAD_BYTES = 64 << 20;

    /** How long a peer under TLS may take for what was sent before the end. */
    private static final long LAST_BYTES_MILLIS = 1000;

    private final SocketChardev chardev;
    private final Channel channel;
    private final String filename;
    private final @Nullable TlsBridge bridge;
    private ByteBuf kept = Unpooled.EMPTY_BUFFER;
    private @Nullable ChardevFrontend frontend;
    private boolean inputEnded;
    private boolean offering;

    /** Closed as soon as all replies are sent. */
    private boolean ending;

    /**
     * @param filename what query-chardev shows
     * @param bridge what carries the bytes on, under TLS; null if nothing has to
     */
    SocketPeer(SocketChardev chardev, Channel channel, String filename, @Nullable TlsBridge bridge) {
        this.chardev = chardev;
        this.channel = channel;
        this.filename = filename;
        this.bridge = bridge;
        channel.config().setAutoRead(false);
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        channel.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, UNREAD_OUTPUT);
        channel.pipeline().addLast(this);
    }

    String filename() {
        return filename;
    }

    /** Closes the connection and drops what isn't sent yet. */
    void abort() {
        channel.close();
    }

    /** Closes the connection when what was written is sent; then runs the task, on some thread. */
    void closeWhenSent(Runnable closed) {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener(sent -> channel.close().addListener(done -> {
                    if (bridge == null) {
                        closed.run();
                    } else {
                        bridge.ended().thenRun(closed);
                    }
                }));
    }

    /** Begins to serve a frontend. */
    void serve(ChardevFrontend reader) {
        frontend = reader;
        reader.opened();
        offer();
    }

    /** Its frontend is gone; what it sends waits for the next one. */
    void abandon() {
        frontend = null;
        channel.config().setAutoRead(false);
    }

    void send(byte[] bytes) {
        if (channel.isActive()) {
            channel.writeAndFlush(Unpooled.wrappedBuffer(bytes), channel.voidPromise());
            if (channel.bytesBeforeWritable() > MAX_UNREAD_BYTES) {
                channel.close();
            }
        }
    }

    /** Gives the frontend what is there, as much as it wants, and reads on if that leaves room. */
    void offer() {
        ChardevFrontend reader = frontend;
        if (reader == null || offering) {
            return;
        }
        offering = true;
        try {
            if (kept.isReadable() && channel.isWritable()) {
                give(reader);
            }
        } finally {
            offering = false;
        }
        channel.config().setAutoRead(kept.readableBytes() < MAX_KEPT_BYTES && channel.isWritable());
        if (inputEnded && !kept.isReadable() && !reader.isBusy() && !ending) {
            ending = true;
            // Closing at once would drop the replies that a slow reader hasn't taken yet.
            closeWhenSent(() -> {});
        }
    }

    private void give(ChardevFrontend reader) {
        ByteBuffer bytes = kept.nioBuffer();
        reader.received(bytes);
        kept.skipBytes(bytes.position());
        if (!kept.isReadable()) {
            drop();
        }
    }

    private void drop() {
        kept.release();
        kept = Unpooled.EMPTY_BUFFER;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf received = (ByteBuf) message;
        if (kept.isReadable()) {
            ByteBuf both = Unpooled.wrappedBuffer(kept, received);
            kept = both.copy();
            both.release();
        } else {
            drop();
            kept = received;
        }
        offer();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        offer();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputEnded = true;
            offer();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        drop();
        if (bridge != null) {
            chardev.loop().schedule(bridge::abort, LAST_BYTES_MILLIS, TimeUnit.MILLISECONDS);
        }
        ChardevFrontend reader = frontend;
        frontend = null;
        if (reader != null) {
            reader.closed();
        }
        chardev.disconnected(this);
    }

    /** A broken connection is a closed one; there is nobody to tell. */
    @Override
    void failed(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}

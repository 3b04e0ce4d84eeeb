package org.qsd4j.chardev;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import org.qsd4j.chardev.WebSocketFrame.Opcode;

/**
 * The server's side of a WebSocket connection (RFC 6455): the stream in binary frames. The payload of a frame goes on as it
 * comes, so that a frame of any length takes no memory. QEMU: channel-websock.c. The socket thread.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing has no one to tell of a failure
final class WebSocketHandler extends ChannelDuplexHandler {
    private static final int PROTOCOL_ERROR = 1002;
    private static final int INVALID_DATA = 1003;
    private static final int POLICY = 1008;
    private static final int NORMAL = 1000;

    private final Runnable upgraded;
    private final ByteBuf request = Unpooled.buffer();
    private final WebSocketFrame frame = new WebSocketFrame();
    private boolean open;
    private boolean inMessage;
    private boolean ended;

    /** @param upgraded is run when the peer has done its part of the beginning */
    WebSocketHandler(Runnable upgraded) {
        this.upgraded = upgraded;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf received = (ByteBuf) message;
        try {
            if (!open && !ended) {
                readRequest(ctx, received);
            }
            while (open && !ended && received.isReadable()) {
                readFrame(ctx, received);
            }
        } finally {
            received.release();
        }
    }

    /** A peer that ends its sending before it has asked for anything gets no answer. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (!open && event instanceof ChannelInputShutdownEvent) {
            ctx.close();
        }
        ctx.fireUserEventTriggered(event);
    }

    private void readRequest(ChannelHandlerContext ctx, ByteBuf received) {
        byte[] end = WebSocketUpgrade.END.getBytes(StandardCharsets.US_ASCII);
        while (received.isReadable() && request.readableBytes() < WebSocketUpgrade.MAX_BYTES) {
            request.writeByte(received.readByte());
            int length = request.readableBytes() - end.length;
            if (length >= 0 && request.slice(length, end.length).equals(Unpooled.wrappedBuffer(end))) {
                answer(ctx, WebSocketUpgrade.answer(request.toString(0, length, StandardCharsets.ISO_8859_1)));
                return;
            }
        }
        if (request.readableBytes() >= WebSocketUpgrade.MAX_BYTES) {
            answer(ctx, WebSocketUpgrade.tooLarge());
        }
    }

    private void answer(ChannelHandlerContext ctx, WebSocketUpgrade.Answer answer) {
        ByteBuf response = Unpooled.copiedBuffer(answer.response(), StandardCharsets.US_ASCII);
        if (answer.accepted()) {
            open = true;
            ctx.writeAndFlush(response);
            upgraded.run();
        } else {
            end(ctx, response);
        }
    }

    private void readFrame(ChannelHandlerContext ctx, ByteBuf received) {
        if (!frame.readHeader(received)) {
            return;
        }
        String violation = frame.violation(inMessage);
        if (violation != null) {
            close(ctx, code(violation), violation);
        } else if (frame.opcode().isControl()) {
            readControl(ctx, received);
        } else {
            ctx.fireChannelRead(frame.readPayload(received));
            inMessage = frame.hasEnded() ? !frame.isFinal() : inMessage;
        }
    }

    private static int code(String violation) {
        return switch (violation) {
            case WebSocketFrame.WRONG_OPCODE -> INVALID_DATA;
            case WebSocketFrame.FRAGMENTED_CONTROL -> POLICY;
            default -> PROTOCOL_ERROR;
        };
    }

    private void readControl(ChannelHandlerContext ctx, ByteBuf received) {
        if (!frame.readWholePayload(received)) {
            return;
        }
        if (frame.opcode() == Opcode.CLOSE) {
            close(ctx, NORMAL, "peer requested close");
        } else if (frame.opcode() == Opcode.PING) {
            // A peer that reads nothing gets no more answers than it can be sent.
            if (ctx.channel().isWritable()) {
                ctx.writeAndFlush(WebSocketFrame.of(Opcode.PONG, frame.takePayload()));
            }
        }
    }

    private void close(ChannelHandlerContext ctx, int code, String reason) {
        ByteBuf payload = Unpooled.buffer().writeShort(code);
        payload.writeCharSequence(reason, StandardCharsets.US_ASCII);
        end(ctx, WebSocketFrame.of(Opcode.CLOSE, payload));
    }

    private void end(ChannelHandlerContext ctx, ByteBuf last) {
        ended = true;
        ctx.writeAndFlush(last).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ByteBuf bytes = (ByteBuf) message;
        if (ended) {
            ReferenceCountUtil.release(bytes);
            promise.tryFailure(new IllegalStateException("the WebSocket connection is closed"));
        } else if (bytes.isReadable()) {
            ctx.write(WebSocketFrame.of(Opcode.BINARY, bytes), promise);
        } else {
            ctx.write(bytes, promise);
        }
    }
}

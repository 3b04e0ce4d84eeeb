package org.qsd4j.chardev;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Takes the commands of RFC 854 out of what a peer sends, and offers it the options of the start. What the peer answers is
 * not looked at: nothing here depends on it. QEMU: char-socket.c. The socket thread.
 *
 * <p>As in QEMU, output isn't escaped, and a command without an option of its own takes one with it unless it is BREAK
 * (RFC 854), or for TN3270 (RFC 1576) one of EOR, SB, SE, IP and NOP. EOR, SB and SE of TN3270 go to the frontend.
 */
final class TelnetHandler extends ChannelInboundHandlerAdapter {
    private static final byte IAC = (byte) 255;
    private static final byte DO = (byte) 253;
    private static final byte WILL = (byte) 251;
    private static final byte SB = (byte) 250;
    private static final byte IP = (byte) 244;
    private static final byte BREAK = (byte) 243;
    private static final byte NOP = (byte) 241;
    private static final byte SE = (byte) 240;
    private static final byte EOR = (byte) 239;

    private static final byte OPTION_BINARY = 0;
    private static final byte OPTION_ECHO = 1;
    private static final byte OPTION_SUPPRESS_GO_AHEAD = 3;
    private static final byte OPTION_TERMINAL_TYPE = 24;
    private static final byte OPTION_END_OF_RECORD = 25;
    private static final byte TERMINAL_TYPE_SEND = 1;

    private static final byte[] TELNET_OFFER = {
        IAC, WILL, OPTION_ECHO, IAC, WILL, OPTION_SUPPRESS_GO_AHEAD, IAC, WILL, OPTION_BINARY, IAC, DO, OPTION_BINARY
    };
    private static final byte[] TN3270_OFFER = {
        IAC,
        DO,
        OPTION_END_OF_RECORD,
        IAC,
        WILL,
        OPTION_END_OF_RECORD,
        IAC,
        DO,
        OPTION_BINARY,
        IAC,
        WILL,
        OPTION_BINARY,
        IAC,
        DO,
        OPTION_TERMINAL_TYPE,
        IAC,
        SB,
        OPTION_TERMINAL_TYPE,
        TERMINAL_TYPE_SEND,
        IAC,
        SE
    };

    /** What the next byte is. */
    private enum State {
        TEXT,
        COMMAND,
        OPTION
    }

    private final boolean tn3270;
    private State state = State.TEXT;

    TelnetHandler(boolean tn3270) {
        this.tn3270 = tn3270;
    }

    /** What a server sends first. */
    ByteBuf offer() {
        return Unpooled.wrappedBuffer(tn3270 ? TN3270_OFFER : TELNET_OFFER);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf received = (ByteBuf) message;
        // A command that is kept is as long as it was, one that ends an old piece begins in the new one.
        ByteBuf text = Unpooled.buffer(received.readableBytes() + 1);
        while (received.isReadable()) {
            take(received.readByte(), text);
        }
        received.release();
        ctx.fireChannelRead(text);
    }

    private void take(byte next, ByteBuf text) {
        switch (state) {
            case TEXT -> {
                if (next == IAC) {
                    state = State.COMMAND;
                } else {
                    text.writeByte(next);
                }
            }
            case COMMAND -> takeCommand(next, text);
            case OPTION -> state = State.TEXT;
        }
    }

    private void takeCommand(byte command, ByteBuf text) {
        state = State.TEXT;
        if (command == IAC) {
            text.writeByte(IAC);
        } else if (tn3270 && (command == EOR || command == SB || command == SE)) {
            text.writeByte(IAC).writeByte(command);
        } else if (command != BREAK && !(tn3270 && (command == IP || command == NOP))) {
            state = State.OPTION;
        }
    }
}

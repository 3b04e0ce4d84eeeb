package org.qsd4j.chardev;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * Frames of RFC 6455, section 5.2: reads those of a client, one after the other and piece by piece, and writes a server's.
 *
 * <pre>
 * byte 0   FIN (bit 7), reserved (bits 6 to 4), opcode
 * byte 1   MASK (bit 7), length: 0 to 125, or 126 for 16 more bits of length, or 127 for 64
 * then     the length that didn't fit, big-endian; a client's mask, four bytes; the payload
 * </pre>
 */
final class WebSocketFrame {
    static final String WRONG_OPCODE = "only binary, close, ping, and pong frames are supported";
    static final String FRAGMENTED_CONTROL = "only binary frames may be fragmented";

    private static final int FIN = 0x80;
    private static final int OPCODE = 0x0f;
    private static final int MASKED = 0x80;
    private static final int LENGTH = 0x7f;
    private static final int LENGTH_16 = 126;
    private static final int LENGTH_64 = 127;
    private static final int MASK_BYTES = 4;
    private static final int MAX_CONTROL_BYTES = 125;
    private static final int MAX_HEADER_BYTES = 14;

    /** What a frame is. */
    enum Opcode {
        CONTINUATION(0),
        BINARY(2),
        CLOSE(8),
        PING(9),
        PONG(10),
        OTHER(-1);

        private final int code;

        Opcode(int code) {
            this.code = code;
        }

        boolean isControl() {
            return code >= CLOSE.code;
        }

        private static Opcode of(int code) {
            for (Opcode opcode : values()) {
                if (opcode.code == code) {
                    return opcode;
                }
            }
            return OTHER;
        }
    }

    private final ByteBuf header = Unpooled.buffer(MAX_HEADER_BYTES);
    private ByteBuf control = Unpooled.EMPTY_BUFFER;
    private boolean headerRead;
    private long done;

    /** Reads on until the header is there, of this frame or, if that has ended, of the next; false if bytes are lacking. */
    boolean readHeader(ByteBuf from) {
        if (headerRead && hasEnded()) {
            headerRead = false;
            done = 0;
            header.clear();
            control = Unpooled.EMPTY_BUFFER;
        }
        while (!headerRead && from.isReadable()) {
            header.writeByte(from.readByte());
            headerRead = header.readableBytes() >= 2 && header.readableBytes() == headerBytes();
        }
        return headerRead;
    }

    private int headerBytes() {
        return 2 + lengthBytes() + (isMasked() ? MASK_BYTES : 0);
    }

    private int lengthBytes() {
        int length = header.getByte(1) & LENGTH;
        return length == LENGTH_16 ? Short.BYTES : length == LENGTH_64 ? Long.BYTES : 0;
    }

    private boolean isMasked() {
        return (header.getByte(1) & MASKED) != 0;
    }

    /** Of the payload; negative if it is beyond what a long counts. */
    private long length() {
        return switch (lengthBytes()) {
            case Short.BYTES -> header.getUnsignedShort(2);
            case Long.BYTES -> header.getLong(2);
            default -> header.getByte(1) & LENGTH;
        };
    }

    Opcode opcode() {
        return Opcode.of(header.getByte(0) & OPCODE);
    }

    boolean isFinal() {
        return (header.getByte(0) & FIN) != 0;
    }

    /** Whether all of the payload is read. */
    boolean hasEnded() {
        return done == length();
    }

    /** What is wrong with the header; null if it is fine. */
    @Nullable
    String violation(boolean inMessage) {
        Opcode opcode = opcode();
        if (opcode == Opcode.OTHER || (opcode == Opcode.CONTINUATION) != (inMessage && !opcode.isControl())) {
            return WRONG_OPCODE;
        }
        if (opcode.isControl() && !isFinal()) {
            return FRAGMENTED_CONTROL;
        }
        if (!isMasked()) {
            return "client frames must be masked";
        }
        if (opcode.isControl() && length() > MAX_CONTROL_BYTES) {
            return "control frame is too large";
        }
        return length() < 0 ? "frame is too large" : null;
    }

    /** As much of the payload as is there, unmasked. */
    ByteBuf readPayload(ByteBuf from) {
        int bytes = (int) Math.min(from.readableBytes(), length() - done);
        int mask = header.readableBytes() - MASK_BYTES;
        ByteBuf payload = Unpooled.buffer(bytes);
        for (int i = 0; i < bytes; i++) {
            payload.writeByte(from.readByte() ^ header.getByte(mask + (int) (done++ % MASK_BYTES)));
        }
        return payload;
    }

    /** A control frame's payload is kept until all of it is there: true then. */
    boolean readWholePayload(ByteBuf from) {
        control = Unpooled.copiedBuffer(control, readPayload(from));
        return hasEnded();
    }

    ByteBuf takePayload() {
        return control;
    }

    /** A whole frame of a server, without a mask; takes the payload over. */
    static ByteBuf of(Opcode opcode, ByteBuf payload) {
        ByteBuf start = Unpooled.buffer(MAX_HEADER_BYTES).writeByte(FIN | opcode.code);
        int length = payload.readableBytes();
        if (length < LENGTH_16) {
            start.writeByte(length);
        } else if (length <= 0xffff) {
            start.writeByte(LENGTH_16).writeShort(length);
        } else {
            start.writeByte(LENGTH_64).writeLong(length);
        }
        return Unpooled.wrappedBuffer(start, payload);
    }
}

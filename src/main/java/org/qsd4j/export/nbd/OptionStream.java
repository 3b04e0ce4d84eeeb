package org.qsd4j.export.nbd;

import java.nio.charset.StandardCharsets;
import org.qsd4j.nbd.NbdChannel;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.sys.NativeBuffer;

/**
 * Options in, replies out. Never reads a byte beyond the option it is in, so that nothing that was sent in the clear is
 * taken for something said under TLS, and the first request stays in the socket. Memory is bounded: what an option holds
 * beyond a string is read in pieces or skipped.
 */
final class OptionStream {
    private static final int SCRATCH_BYTES = 8192;
    private static final int REPLY_HEADER_BYTES = 20;

    private final NativeBuffer in = NativeBuffer.allocate(SCRATCH_BYTES);
    private final NativeBuffer out = NativeBuffer.allocate(2 * SCRATCH_BYTES);
    private int outFill;

    private NbdChannel channel;
    private int option;

    /** Bytes of the current option that haven't been read. */
    private int left;

    OptionStream(NbdChannel channel) {
        this.channel = channel;
    }

    NbdChannel channel() {
        return channel;
    }

    /** From the next byte on, both ways. */
    void switchTo(NbdChannel next) {
        channel = next;
    }

    int left() {
        return left;
    }

    /** Four bytes outside of any option: the client's flags. */
    int readClientFlags() throws Disconnect {
        receive(4);
        return in.getIntBE(0);
    }

    /** Reads the next option's header: its number, {@link #left} its length. */
    int nextOption() throws Disconnect {
        receive(16);
        if (in.getLongBE(0) != Nbd.OPTS_MAGIC) {
            throw new Disconnect("Bad magic received");
        }
        option = in.getIntBE(8);
        int length = in.getIntBE(12);
        if (Integer.compareUnsigned(length, Nbd.NBD_MAX_BUFFER_SIZE) > 0) {
            throw new Disconnect("option is too long");
        }
        left = length;
        return option;
    }

    int readInt() throws Disconnect, OptionError {
        take(4);
        return in.getIntBE(0);
    }

    int readShort() throws Disconnect, OptionError {
        take(2);
        return in.getShortBE(0) & 0xffff;
    }

    /** A name behind its length. */
    String readName() throws Disconnect, OptionError {
        int length = readInt();
        if (Integer.compareUnsigned(length, Nbd.NBD_MAX_STRING_SIZE) > 0) {
            throw new OptionError(Nbd.NBD_REP_ERR_INVALID, "Invalid name length: %s", Integer.toUnsignedString(length));
        }
        return readString(length);
    }

    /** At most NBD_MAX_STRING_SIZE bytes of text. */
    String readString(int length) throws Disconnect, OptionError {
        take(length);
        byte[] bytes = new byte[length];
        in.get(0, bytes, 0, length);
        for (byte b : bytes) {
            if (b == 0) {
                throw new OptionError(
                        Nbd.NBD_REP_ERR_INVALID, "Unexpected embedded NUL in option %s", Nbd.optionName(option));
            }
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Skips {@code bytes} (unsigned) of the current option. */
    void skip(int bytes) throws Disconnect, OptionError {
        checkLeft(bytes);
        int end = left - bytes;
        while (left > end) {
            int piece = Math.min(left - end, SCRATCH_BYTES);
            left -= piece;
            receive(piece);
        }
    }

    /** Skips whatever the current option still holds. */
    void skipRest() throws Disconnect {
        while (left > 0) {
            int piece = Math.min(left, SCRATCH_BYTES);
            left -= piece;
            receive(piece);
        }
    }

    void expectEnd() throws OptionError {
        if (left != 0) {
            throw new OptionError(Nbd.NBD_REP_ERR_INVALID, "option '%s' has unexpected length", Nbd.optionName(option));
        }
    }

    private void take(int bytes) throws Disconnect, OptionError {
        checkLeft(bytes);
        left -= bytes;
        receive(bytes);
    }

    private void checkLeft(int bytes) throws OptionError {
        if (Integer.compareUnsigned(bytes, left) > 0) {
            throw new OptionError(Nbd.NBD_REP_ERR_INVALID, "Inconsistent lengths in option %s", Nbd.optionName(option));
        }
    }

    private void receive(int bytes) throws Disconnect {
        if (channel.receiveAll(in, 0, bytes) < 0) {
            throw new Disconnect("Unexpected end-of-file before all data were read");
        }
    }

    /** Begins a reply to the current option; {@code length} bytes have to follow by put… */
    void beginReply(int type, int length) throws Disconnect {
        if (outFill + REPLY_HEADER_BYTES + length > out.capacity()) {
            flush();
        }
        putLong(Nbd.REP_MAGIC);
        putInt(option);
        putInt(type);
        putInt(length);
    }

    void ack() throws Disconnect {
        beginReply(Nbd.NBD_REP_ACK, 0);
        flush();
    }

    void error(OptionError error) throws Disconnect {
        byte[] text = error.text().getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, Nbd.NBD_MAX_STRING_SIZE);
        beginReply(error.reply(), length);
        putBytes(text, length);
        flush();
    }

    void putShort(int value) {
        out.putShortBE(outFill, (short) value);
        outFill += 2;
    }

    void putInt(int value) {
        out.putIntBE(outFill, value);
        outFill += 4;
    }

    void putLong(long value) {
        out.putLongBE(outFill, value);
        outFill += 8;
    }

    void putBytes(byte[] bytes, int length) {
        out.put(outFill, bytes, 0, length);
        outFill += length;
    }

    void flush() throws Disconnect {
        int bytes = outFill;
        outFill = 0;
        if (bytes > 0 && channel.send(out, 0, bytes) < 0) {
            throw new Disconnect("the client is gone");
        }
    }
}

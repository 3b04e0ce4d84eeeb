package org.qsd4j.block.sparse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.BlockChild;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.NativeBuffer;

/** The first bytes of an image, or others that are read once when it is opened. */
@MainThread
public final class ImageHeader {
    private final ByteBuffer bytes;

    private ImageHeader(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    /**
     * Reads them. Behind the end of the file are zeroes.
     *
     * @throws QapiException with the host's error
     */
    public static ImageHeader read(BlockChild file, long offset, int count, ByteOrder order) {
        NativeBuffer buffer = NativeBuffer.allocate(count);
        int result = file.read(offset, buffer, 0, count);
        if (result < 0) {
            throw couldNotOpen(file, -result);
        }
        return new ImageHeader(buffer.asByteBuffer(0, count).order(order));
    }

    /** What an error without a text of its own looks like. */
    public static QapiException couldNotOpen(BlockChild file, int errno) {
        return QapiException.fromErrno(errno, "Could not open '%s'", file.node().filename());
    }

    /** Whether the ASCII text stands at an offset. */
    public boolean has(int offset, String text) {
        return text(offset, text.length()).equals(text);
    }

    /** {@code length} bytes as Latin-1. */
    public String text(int offset, int length) {
        byte[] text = new byte[length];
        bytes.get(offset, text);
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    /** A file name of {@code length} bytes, which ends early at a NUL. */
    public String name(int offset, int length) {
        byte[] name = new byte[length];
        bytes.get(offset, name);
        int end = 0;
        while (end < length && name[end] != 0) {
            end++;
        }
        return new String(name, 0, end, StandardCharsets.UTF_8);
    }

    public boolean isZero(int offset, int length) {
        for (int i = 0; i < length; i++) {
            if (bytes.get(offset + i) != 0) {
                return false;
            }
        }
        return true;
    }

    public int u8(int offset) {
        return bytes.get(offset) & 0xff;
    }

    public int u16(int offset) {
        return bytes.getShort(offset) & 0xffff;
    }

    public long u32(int offset) {
        return bytes.getInt(offset) & 0xffffffffL;
    }

    /** Unsigned, all 64 bits. */
    public long u64(int offset) {
        return bytes.getLong(offset);
    }

    /** A copy of all of it. */
    public byte[] toArray() {
        byte[] copy = new byte[bytes.capacity()];
        bytes.get(0, copy);
        return copy;
    }
}

package org.qsd4j.qapi.json;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes that grow, and shrink back once a big token is done with. */
final class ByteText {
    private static final int KEPT_BYTES = 4096;

    private byte[] bytes = new byte[256];
    private int length;

    void clear() {
        length = 0;
        if (bytes.length > KEPT_BYTES) {
            bytes = new byte[256];
        }
    }

    void append(int b) {
        reserve(1);
        bytes[length++] = (byte) b;
    }

    /** Appends the next bytes of the buffer and advances its position. */
    void append(ByteBuffer from, int count) {
        reserve(count);
        from.get(bytes, length, count);
        length += count;
    }

    int length() {
        return length;
    }

    int at(int index) {
        return bytes[index] & 0xff;
    }

    byte[] array() {
        return bytes;
    }

    /** The text of a token that is ASCII. */
    String ascii() {
        return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    }

    private void reserve(int count) {
        if (bytes.length - length < count) {
            bytes = Arrays.copyOf(bytes, Math.max(length + count, length + (length >> 1)));
        }
    }
}

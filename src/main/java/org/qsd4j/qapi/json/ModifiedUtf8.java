package org.qsd4j.qapi.json;

import java.nio.charset.StandardCharsets;

/**
 * UTF-8 as QEMU takes it: U+0000 may be written as C0 80; everything else that is overlong, a surrogate, a noncharacter
 * or above U+10FFFF is invalid. QEMU: {@code mod_utf8_codepoint}.
 */
final class ModifiedUtf8 {
    /** In place of a code point: the sequence is invalid. */
    static final int INVALID = -1;

    private static final int[] SMALLEST = {0, 0, 0x80, 0x800, 0x10000, 0x200000, 0x4000000};

    private ModifiedUtf8() {}

    /** The text with U+FFFD for every invalid sequence. */
    static String lossy(byte[] bytes, int length) {
        if (isAscii(bytes, length)) {
            return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
        }
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i += sequenceBytes(bytes, i, length)) {
            int codePoint = codePoint(bytes, i, length);
            text.appendCodePoint(codePoint == INVALID ? 0xfffd : codePoint);
        }
        return text.toString();
    }

    private static boolean isAscii(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            if (bytes[i] < 0) {
                return false;
            }
        }
        return true;
    }

    /** How many bytes the sequence takes, valid or not: the lead byte and the continuation bytes that belong to it. */
    static int sequenceBytes(byte[] bytes, int start, int end) {
        int wanted = announcedBytes(bytes[start] & 0xff);
        int i = start + 1;
        while (i < end && i < start + wanted && (bytes[i] & 0xc0) == 0x80) {
            i++;
        }
        return i - start;
    }

    /** The code point of the sequence, or {@link #INVALID}. */
    static int codePoint(byte[] bytes, int start, int end) {
        int lead = bytes[start] & 0xff;
        if (lead < 0x80) {
            return lead;
        }
        int count = announcedBytes(lead);
        if (count == 1 || sequenceBytes(bytes, start, end) < count) {
            return INVALID;
        }
        int codePoint = lead & (0x7f >> count);
        for (int i = 1; i < count; i++) {
            codePoint = (codePoint << 6) | (bytes[start + i] & 0x3f);
        }
        boolean shortest = codePoint >= SMALLEST[count] || (codePoint == 0 && count == 2);
        return shortest && isCharacter(codePoint) ? codePoint : INVALID;
    }

    /** Whether it is a code point that may stand in a text: no surrogate, no noncharacter. */
    static boolean isCharacter(int codePoint) {
        return codePoint >= 0
                && codePoint <= 0x10ffff
                && (codePoint < 0xd800 || codePoint > 0xdfff)
                && (codePoint < 0xfdd0 || codePoint > 0xfdef)
                && (codePoint & 0xfffe) != 0xfffe;
    }

    /** The length that the lead byte announces; 1 for what can't be one. */
    private static int announcedBytes(int lead) {
        if (lead < 0xc0 || lead >= 0xfe) {
            return 1;
        }
        return Integer.numberOfLeadingZeros(~(lead << 24));
    }
}

package org.qsd4j.qapi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Base64 as QEMU takes it: only letters of its alphabet, {@code =} and line feeds, but what follows the last whole group
 * of four is dropped without a word. QEMU: {@code qbase64_decode}.
 */
public final class Base64Text {
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    private Base64Text() {}

    public static byte[] decode(byte[] text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length);
        int group = 0;
        int letters = 0;
        int last = 0;
        for (byte letter : text) {
            if (letter == '\n') {
                continue;
            }
            group = group << 6 | value(letter);
            letters++;
            if (letters % 4 == 0) {
                bytes.write(group >> 16);
                if (last != '=') {
                    bytes.write(group >> 8);
                }
                if (letter != '=') {
                    bytes.write(group);
                }
            }
            last = letter;
        }
        return bytes.toByteArray();
    }

    public static byte[] decode(String text) {
        return decode(text.getBytes(StandardCharsets.UTF_8));
    }

    private static int value(byte letter) {
        int value = letter == '=' ? 0 : ALPHABET.indexOf(letter);
        if (value < 0) {
            throw QapiException.generic("Base64 data contains invalid characters");
        }
        return value;
    }
}

package org.qsd4j.crypto;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;

/** Finds the passphrase that an option names. */
public final class Passphrase {
    /** The secrets of whoever has none. */
    public static final Function<String, byte[]> NONE = id -> {
        throw QapiException.generic("No secret with id '%s'", id);
    };

    private Passphrase() {}

    /**
     * The bytes of the secret, which the caller zeroes after use.
     *
     * @param option the option's name, for the error
     * @param id what the option says, or null
     * @param secrets gives a copy of a secret's bytes, or throws QapiException
     */
    public static byte[] find(String option, @Nullable String id, Function<String, byte[]> secrets) {
        if (id == null) {
            throw QapiException.generic("Parameter '%s' is required for cipher", option);
        }
        byte[] bytes = secrets.apply(id);
        if (!isText(bytes)) {
            Arrays.fill(bytes, (byte) 0);
            throw QapiException.generic("Data from secret %s is not valid UTF-8", id);
        }
        return bytes;
    }

    /** GLib doesn't take NUL for a character of a text. */
    private static boolean isText(byte[] bytes) {
        for (byte b : bytes) {
            if (b == 0) {
                return false;
            }
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}

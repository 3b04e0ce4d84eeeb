package org.qsd4j.crypto;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** AES with one key in one direction. One thread; applying it allocates nothing. */
final class AesBlocks {
    static final int BLOCK = 16;

    private final Cipher cipher;

    private AesBlocks(Cipher cipher) {
        this.cipher = cipher;
    }

    /** Each block alone. */
    static AesBlocks encryptor(byte[] key, int from, int bytes) {
        return new AesBlocks(cipher("AES/ECB/NoPadding", Cipher.ENCRYPT_MODE, key, from, bytes));
    }

    /** Each block alone. */
    static AesBlocks decryptor(byte[] key, int from, int bytes) {
        return new AesBlocks(cipher("AES/ECB/NoPadding", Cipher.DECRYPT_MODE, key, from, bytes));
    }

    /** CBC that starts with an initialization vector of zeroes and never starts anew. */
    static AesBlocks chain(byte[] key, int from, int bytes) {
        return new AesBlocks(cipher("AES/CBC/NoPadding", Cipher.ENCRYPT_MODE, key, from, bytes));
    }

    private static Cipher cipher(String transformation, int direction, byte[] key, int from, int bytes) {
        byte[] part = Arrays.copyOfRange(key, from, from + bytes);
        try {
            Cipher cipher = Cipher.getInstance(transformation);
            SecretKeySpec spec = new SecretKeySpec(part, "AES");
            if (transformation.contains("CBC")) {
                cipher.init(direction, spec, new IvParameterSpec(new byte[BLOCK]));
            } else {
                cipher.init(direction, spec);
            }
            return cipher;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK has no AES of " + bytes + " bytes", e);
        } finally {
            Arrays.fill(part, (byte) 0);
        }
    }

    /** Whole blocks from one array into another; the two must not be the same. */
    void apply(byte[] input, int from, byte[] output, int to, int bytes) {
        try {
            int done = cipher.update(input, from, bytes, output, to);
            assert done == bytes;
        } catch (ShortBufferException e) {
            throw new IllegalStateException(e);
        }
    }
}

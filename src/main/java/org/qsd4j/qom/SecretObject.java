package org.qsd4j.qom;

import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.QCryptoSecretFormat;
import org.qsd4j.qapi.gen.SecretProperties;

/** A passphrase or key, given in clear text or encrypted with another one. QEMU: crypto/secret.c. */
final class SecretObject implements QomObject {
    private static final int KEY_BYTES = 32;
    private static final int BLOCK_BYTES = 16;

    private final SecretProperties properties;
    private final byte[] bytes;

    private SecretObject(SecretProperties properties, byte[] bytes) {
        this.properties = properties;
        this.bytes = bytes;
    }

    /** @param others where the key is, if it is encrypted */
    static SecretObject load(SecretProperties properties, ObjectRegistry others) {
        byte[] input = input(properties);
        boolean base64 = properties.format() == QCryptoSecretFormat.BASE64;
        String keyId = properties.keyid();
        if (keyId != null) {
            return new SecretObject(properties, decrypt(input, base64, others.secret(keyId), properties.iv()));
        }
        return new SecretObject(properties, base64 ? Base64Text.decode(input) : input);
    }

    private static byte[] input(SecretProperties properties) {
        String data = properties.data();
        String file = properties.file();
        if (file != null && data != null) {
            throw QapiException.generic("'file' and 'data' are mutually exclusive");
        }
        if (file != null) {
            return SecretFile.read(file);
        }
        if (data == null) {
            throw QapiException.generic("Either 'file' or 'data' must be provided");
        }
        return data.getBytes(StandardCharsets.UTF_8);
    }

    /** AES-256 in CBC mode; the last byte says how many bytes of padding there are. */
    private static byte[] decrypt(byte[] input, boolean base64, byte[] key, @Nullable String iv) {
        if (key.length != KEY_BYTES) {
            throw QapiException.generic("Key should be %d bytes in length", KEY_BYTES);
        }
        if (iv == null) {
            throw QapiException.generic("IV is required to decrypt secret");
        }
        byte[] ivBytes = Base64Text.decode(iv);
        if (ivBytes.length != BLOCK_BYTES) {
            throw QapiException.generic("IV should be %d bytes in length not %d", BLOCK_BYTES, ivBytes.length);
        }
        byte[] encrypted = base64 ? Base64Text.decode(input) : input;
        if (encrypted.length % BLOCK_BYTES != 0) {
            throw QapiException.generic("Length %d must be a multiple of block size %d", encrypted.length, BLOCK_BYTES);
        }
        if (encrypted.length == 0) {
            return encrypted;
        }
        byte[] plain = aesCbc(encrypted, key, ivBytes);
        int padding = Byte.toUnsignedInt(plain[plain.length - 1]);
        if (padding > BLOCK_BYTES || padding > plain.length) {
            throw QapiException.generic("Incorrect number of padding bytes (%d) found on decrypted data", padding);
        }
        return Arrays.copyOf(plain, plain.length - padding);
    }

    private static byte[] aesCbc(byte[] encrypted, byte[] key, byte[] iv) {
        try {
            Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
            cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
            return cipher.doFinal(encrypted);
        } catch (GeneralSecurityException e) {
            throw QapiException.generic("Unable to decrypt secret: %s", String.valueOf(e.getMessage()));
        }
    }

    byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public String qomType() {
        return "secret";
    }

    @Override
    public List<QomProperty> properties() {
        QCryptoSecretFormat format = properties.format() == null ? QCryptoSecretFormat.RAW : properties.format();
        return List.of(
                text("iv", "string", properties.iv()),
                text("keyid", "string", properties.keyid()),
                text("format", "QCryptoSecretFormat", format.wireName()),
                text("file", "string", properties.file()),
                text("data", "string", properties.data()));
    }

    private static QomProperty text(String name, String type, @Nullable String value) {
        return new QomProperty(name, type, () -> TextNode.valueOf(value == null ? "" : value));
    }
}

package org.qsd4j.qom;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.Base64Text;
import org.qsd4j.qapi.FileContents;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.QCryptoSecretFormat;
import org.qsd4j.qapi.gen.SecretKeyringProperties;
import org.qsd4j.qapi.gen.SecretProperties;

/**
 * A passphrase or key, given in clear text or encrypted with another one. QEMU: crypto/secret.c,
 * crypto/secret_keyring.c. Main loop.
 */
final class SecretObject implements QomObject {
    private static final int KEY_BYTES = 32;
    private static final int BLOCK_BYTES = 16;

    private final String qomType;
    private final byte[] bytes;
    private final List<QomProperty> properties;

    private SecretObject(String qomType, byte[] bytes, List<QomProperty> properties) {
        this.qomType = qomType;
        this.bytes = bytes;
        this.properties = properties;
    }

    /** @param others where the key is, if it is encrypted */
    static SecretObject load(SecretProperties secret, ObjectRegistry others) {
        byte[] bytes = decode(input(secret), secret.format(), secret.keyid(), secret.iv(), others);
        List<QomProperty> properties = common(secret.format(), secret.keyid(), secret.iv());
        properties.add(text("file", secret.file()));
        properties.add(text("data", secret.data()));
        return new SecretObject("secret", bytes, properties);
    }

    /** @param others where the key is, if it is encrypted */
    static SecretObject load(SecretKeyringProperties secret, ObjectRegistry others) {
        byte[] input = KernelKey.read(secret.serial());
        byte[] bytes = decode(input, secret.format(), secret.keyid(), secret.iv(), others);
        List<QomProperty> properties = common(secret.format(), secret.keyid(), secret.iv());
        AtomicInteger serial = new AtomicInteger(secret.serial());
        properties.add(new QomProperty(
                "serial",
                "int32_t",
                () -> IntNode.valueOf(serial.get()),
                QomValues.setter("serial", visitor -> visitor.int32("serial"), serial::set)));
        return new SecretObject("secret_keyring", bytes, properties);
    }

    private static byte[] decode(
            byte[] input,
            @Nullable QCryptoSecretFormat format,
            @Nullable String keyId,
            @Nullable String iv,
            ObjectRegistry others) {
        boolean base64 = format == QCryptoSecretFormat.BASE64;
        if (keyId != null) {
            return decrypt(input, base64, others.secret(keyId), iv);
        }
        return base64 ? Base64Text.decode(input) : input;
    }

    private static byte[] input(SecretProperties properties) {
        String data = properties.data();
        String file = properties.file();
        if (file != null && data != null) {
            throw QapiException.generic("'file' and 'data' are mutually exclusive");
        }
        if (file != null) {
            return readFile(file);
        }
        if (data == null) {
            throw QapiException.generic("Either 'file' or 'data' must be provided");
        }
        return data.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] readFile(String path) {
        try {
            return FileContents.read(path);
        } catch (QapiException e) {
            throw e.prepend("Unable to read %s: ", path);
        }
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
        return qomType;
    }

    @Override
    public List<QomProperty> properties() {
        return properties;
    }

    private static List<QomProperty> common(
            @Nullable QCryptoSecretFormat format, @Nullable String keyId, @Nullable String iv) {
        AtomicReference<@Nullable String> shown =
                new AtomicReference<>((format == null ? QCryptoSecretFormat.RAW : format).wireName());
        QomProperty formatProperty = new QomProperty(
                "format",
                "QCryptoSecretFormat",
                () -> TextNode.valueOf(shown.get()),
                QomValues.setter(
                        "format",
                        visitor -> QCryptoSecretFormat.visit(visitor, "format").wireName(),
                        shown::set));
        return new ArrayList<>(List.of(text("iv", iv), text("keyid", keyId), formatProperty));
    }

    /** As in QEMU, what is written is only kept: the secret was loaded when the object was made. */
    private static QomProperty text(String name, @Nullable String value) {
        AtomicReference<@Nullable String> shown = new AtomicReference<>(value);
        return QomValues.text(name, shown::get, shown::set);
    }
}

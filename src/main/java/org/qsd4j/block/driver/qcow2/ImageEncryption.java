package org.qsd4j.block.driver.qcow2;

import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.driver.qcow2.format.HeaderExtensions;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.crypto.BlockCrypto;
import org.qsd4j.crypto.HeaderSource;
import org.qsd4j.crypto.LuksVolume;
import org.qsd4j.crypto.Passphrase;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevQcow2Encryption;
import org.qsd4j.qapi.gen.BlockdevQcow2EncryptionFormat;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * How an image's guest data is encrypted, unlocked.
 *
 * @param luks what the LUKS header says; null: the old AES encryption
 */
record ImageEncryption(BlockCrypto crypto, @Nullable LuksVolume luks) {
    private static final String OPTION = "encrypt.key-secret";

    /**
     * Unlocks the image. That takes seconds while everybody waits, so that an instance which takes over from another one
     * goes on with its key, whatever has become of the secret.
     *
     * @param old how the instance before this one has unlocked it
     * @param option the definition's {@code encrypt}
     * @param secrets gives a copy of a secret's bytes, or throws QapiException
     * @return null for an image without encryption
     * @throws QapiException in the real daemon's words
     */
    static @Nullable ImageEncryption open(
            ImageMetadata metadata,
            BlockChild file,
            @Nullable BlockdevQcow2Encryption option,
            Function<String, byte[]> secrets,
            @Nullable ImageEncryption old) {
        long method = metadata.header().cryptMethod();
        checkFormat(method, option);
        if (method == Qcow2Header.CRYPT_NONE) {
            return null;
        }
        if (method == Qcow2Header.CRYPT_LUKS) {
            return openLuks(metadata, file, keySecret(option), secrets, old);
        }
        if (old != null && old.luks == null) {
            return new ImageEncryption(old.crypto.share(), null);
        }
        byte[] passphrase = Passphrase.find(OPTION, keySecret(option), secrets);
        try {
            return new ImageEncryption(BlockCrypto.qcow(passphrase), null);
        } finally {
            Arrays.fill(passphrase, (byte) 0);
        }
    }

    /** What the header says, without a key. Null for an image without encryption. */
    static @Nullable ImageEncryption look(ImageMetadata metadata, BlockChild file) {
        long method = metadata.header().cryptMethod();
        if (method == Qcow2Header.CRYPT_LUKS) {
            LuksVolume luks = LuksVolume.read(source(metadata, file), false);
            return new ImageEncryption(luks.locked(), luks);
        }
        return method == Qcow2Header.CRYPT_NONE ? null : new ImageEncryption(BlockCrypto.lockedQcow(), null);
    }

    private static HeaderSource source(ImageMetadata metadata, BlockChild file) {
        HeaderExtensions.Crypto place = metadata.extensions().crypto();
        if (place == null) {
            throw QapiException.generic("Missing CRYPTO header for crypt method %d", Qcow2Header.CRYPT_LUKS);
        }
        return (offset, into) -> readHeader(file, place, offset, into);
    }

    private static void checkFormat(long method, @Nullable BlockdevQcow2Encryption option) {
        if (option == null) {
            return;
        }
        BlockdevQcow2EncryptionFormat wanted = option.format();
        if (method == Qcow2Header.CRYPT_NONE) {
            throw QapiException.generic(
                    "No encryption in image header, but options specified format '%s'", wanted.wireName());
        }
        BlockdevQcow2EncryptionFormat found = method == Qcow2Header.CRYPT_LUKS
                ? BlockdevQcow2EncryptionFormat.LUKS
                : BlockdevQcow2EncryptionFormat.AES;
        if (wanted != found) {
            throw QapiException.generic(
                    "Header reported '%s' encryption format but options specify '%s'",
                    found.wireName(), wanted.wireName());
        }
    }

    private static @Nullable String keySecret(@Nullable BlockdevQcow2Encryption option) {
        if (option instanceof BlockdevQcow2Encryption.Luks luks) {
            return luks.u().keySecret();
        }
        return option instanceof BlockdevQcow2Encryption.Aes aes ? aes.u().keySecret() : null;
    }

    private static ImageEncryption openLuks(
            ImageMetadata metadata,
            BlockChild file,
            @Nullable String keySecret,
            Function<String, byte[]> secrets,
            @Nullable ImageEncryption old) {
        HeaderSource source = source(metadata, file);
        if (old != null && old.luks != null) {
            LuksVolume luks = LuksVolume.read(source, false);
            if (luks.hasKeyOf(old.luks)) {
                return new ImageEncryption(old.crypto.share(), luks);
            }
        }
        byte[] passphrase = Passphrase.find(OPTION, keySecret, secrets);
        try {
            LuksVolume luks = LuksVolume.read(source, false);
            return new ImageEncryption(luks.unlock(source, passphrase), luks);
        } finally {
            Arrays.fill(passphrase, (byte) 0);
        }
    }

    private static int readHeader(BlockChild file, HeaderExtensions.Crypto place, long offset, byte[] into) {
        // Lengths are unsigned: a negative one has room for everything.
        if (Long.compareUnsigned(offset + into.length, place.length()) > 0) {
            throw QapiException.generic("Request for data outside of extension header");
        }
        if (place.offset() < 0 || place.offset() > BlockNode.MAX_LENGTH - offset - into.length) {
            throw QapiException.fromErrno(Errno.EIO, "Could not read encryption header");
        }
        NativeBuffer buffer = NativeBuffer.allocate(into.length);
        int result = file.read(place.offset() + offset, buffer, 0, into.length);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not read encryption header");
        }
        buffer.get(0, into, 0, into.length);
        return 0;
    }

    /** LUKS goes by the place in the file, the old encryption by the guest's: there, each place has one use. */
    long ivOffset(long hostOffset, long guestOffset) {
        return luks != null ? hostOffset : guestOffset;
    }
}

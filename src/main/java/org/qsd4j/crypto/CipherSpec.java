package org.qsd4j.crypto;

import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.QCryptoCipherAlgo;
import org.qsd4j.qapi.gen.QCryptoCipherMode;
import org.qsd4j.qapi.gen.QCryptoHashAlgo;
import org.qsd4j.qapi.gen.QCryptoIVGenAlgo;

/**
 * How a volume's sectors are encrypted, but for the key.
 *
 * @param ivHash the hash of ESSIV; other generators may have one without using it
 */
record CipherSpec(
        QCryptoCipherAlgo cipher,
        QCryptoCipherMode mode,
        QCryptoIVGenAlgo ivGenerator,
        @Nullable QCryptoHashAlgo ivHash) {

    /** Of the key as it is stored, which in XTS is two. */
    int keyBytes() {
        return mode == QCryptoCipherMode.XTS ? 2 * cipherKeyBytes(cipher) : cipherKeyBytes(cipher);
    }

    static int cipherKeyBytes(QCryptoCipherAlgo cipher) {
        return switch (cipher) {
            case DES -> 8;
            case AES_128, CAST5_128, SERPENT_128, TWOFISH_128, SM4 -> 16;
            case AES_192, _3DES, SERPENT_192, TWOFISH_192 -> 24;
            case AES_256, SERPENT_256, TWOFISH_256 -> 32;
        };
    }

    static boolean isAes(QCryptoCipherAlgo cipher) {
        return cipher == QCryptoCipherAlgo.AES_128
                || cipher == QCryptoCipherAlgo.AES_192
                || cipher == QCryptoCipherAlgo.AES_256;
    }

    /** @throws QapiException if ESSIV's hash doesn't fit its cipher */
    void check() {
        if (ivGenerator == QCryptoIVGenAlgo.ESSIV) {
            int bytes = essivKeyBytes();
            if (bytes != 16 && bytes != 24 && bytes != 32) {
                throw QapiException.generic("No AES cipher with key size %d available", bytes);
            }
        }
    }

    private int essivKeyBytes() {
        return Hashes.digest(essivHash()).getDigestLength();
    }

    private QCryptoHashAlgo essivHash() {
        if (ivHash == null) {
            throw QapiException.generic("Missing IV generator hash specification");
        }
        return ivHash;
    }

    /** One thread's cipher with that key, which the caller keeps. */
    SectorCipher newCipher(byte[] key) {
        IvGenerator generator = new IvGenerator(ivGenerator, essivCipher(key), SectorCipher.MAX_SECTORS);
        return switch (mode) {
            case ECB -> new EcbCipher(key, generator);
            case CBC -> new CbcCipher(key, generator);
            case XTS -> new XtsCipher(key, generator);
            case CTR -> new CtrCipher(key, generator);
        };
    }

    private @Nullable AesBlocks essivCipher(byte[] key) {
        if (ivGenerator != QCryptoIVGenAlgo.ESSIV) {
            return null;
        }
        byte[] hash = Hashes.digest(essivHash()).digest(key);
        return AesBlocks.encryptor(hash, 0, hash.length);
    }
}

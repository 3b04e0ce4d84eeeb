package org.qsd4j.crypto;

import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.QCryptoCipherAlgo;
import org.qsd4j.qapi.gen.QCryptoCipherMode;
import org.qsd4j.qapi.gen.QCryptoHashAlgo;
import org.qsd4j.qapi.gen.QCryptoIVGenAlgo;

/** What a LUKS header calls ciphers, modes and hashes: the kernel's names. */
final class LuksNames {
    private LuksNames() {}

    /**
     * What a header's names mean.
     *
     * @throws QapiException if there is no such thing, or the JDK doesn't have it
     */
    static CipherSpec parse(LuksHeader header) {
        String text = header.cipherMode();
        int dash = text.indexOf('-');
        if (dash < 0) {
            throw QapiException.generic("Unexpected cipher mode string format '%s'", text);
        }
        String generator = text.substring(dash + 1);
        int colon = generator.indexOf(':');
        QCryptoHashAlgo ivHash = colon < 0 ? null : hash(generator.substring(colon + 1));
        QCryptoCipherMode mode = mode(text.substring(0, dash));
        QCryptoCipherAlgo cipher = cipher(header.cipherName(), mode, header.keyBytes());
        QCryptoIVGenAlgo ivGenerator = ivGenerator(colon < 0 ? generator : generator.substring(0, colon));
        CipherSpec spec = new CipherSpec(cipher, mode, ivGenerator, ivHash);
        spec.check();
        return spec;
    }

    private static QCryptoCipherMode mode(String name) {
        for (QCryptoCipherMode mode : QCryptoCipherMode.values()) {
            if (mode.wireName().equals(name)) {
                return mode;
            }
        }
        throw QapiException.generic("Cipher mode '%s' not supported", name);
    }

    private static QCryptoCipherAlgo cipher(String name, QCryptoCipherMode mode, long keyBytes) {
        long bytes = mode == QCryptoCipherMode.XTS ? keyBytes / 2 : keyBytes;
        if (name.equals("aes")) {
            for (QCryptoCipherAlgo cipher : QCryptoCipherAlgo.values()) {
                if (CipherSpec.isAes(cipher) && CipherSpec.cipherKeyBytes(cipher) == bytes) {
                    return cipher;
                }
            }
        }
        throw QapiException.generic("Algorithm '%s' with key size %d bytes not supported", name, bytes);
    }

    private static QCryptoIVGenAlgo ivGenerator(String name) {
        for (QCryptoIVGenAlgo generator : QCryptoIVGenAlgo.values()) {
            if (generator.wireName().equals(name)) {
                return generator;
            }
        }
        throw QapiException.generic("IV generator '%s' not supported", name);
    }

    static QCryptoHashAlgo hash(String name) {
        for (QCryptoHashAlgo hash : QCryptoHashAlgo.values()) {
            if (hash.wireName().equals(name)) {
                return hash;
            }
        }
        throw QapiException.generic("Hash algorithm '%s' not supported", name);
    }

    /** The name for a new volume. */
    static String cipherName(QCryptoCipherAlgo cipher) {
        if (!CipherSpec.isAes(cipher)) {
            throw QapiException.generic("Algorithm '%s' not supported", cipher.wireName());
        }
        return "aes";
    }

    static String modeText(CipherSpec spec) {
        QCryptoHashAlgo ivHash = spec.ivHash();
        String text = spec.mode().wireName() + "-" + spec.ivGenerator().wireName();
        return ivHash == null ? text : text + ":" + ivHash.wireName();
    }
}

package org.qsd4j.crypto;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.QCryptoHashAlgo;

/** The hash functions of volumes, as the JDK calls them. */
final class Hashes {
    private Hashes() {}

    static MessageDigest digest(QCryptoHashAlgo hash) {
        try {
            return MessageDigest.getInstance(requireKnown(hash));
        } catch (GeneralSecurityException e) {
            throw unsupported(hash);
        }
    }

    /** The hash as an HMAC with that key, which may be empty. */
    static Mac hmac(QCryptoHashAlgo hash, byte[] key) {
        try {
            Mac mac = Mac.getInstance("Hmac" + requireKnown(hash).replace("-", ""));
            // HMAC fills keys up with zeroes, so that no key and one zero are the same; the JDK wants one.
            mac.init(new SecretKeySpec(key.length == 0 ? new byte[1] : key, "HMAC"));
            return mac;
        } catch (GeneralSecurityException e) {
            throw unsupported(hash);
        }
    }

    private static String requireKnown(QCryptoHashAlgo hash) {
        String name = jdkName(hash);
        if (name == null) {
            throw unsupported(hash);
        }
        return name;
    }

    private static @Nullable String jdkName(QCryptoHashAlgo hash) {
        return switch (hash) {
            case MD5 -> "MD5";
            case SHA1 -> "SHA-1";
            case SHA224 -> "SHA-224";
            case SHA256 -> "SHA-256";
            case SHA384 -> "SHA-384";
            case SHA512 -> "SHA-512";
            case RIPEMD160, SM3 -> null;
        };
    }

    private static QapiException unsupported(QCryptoHashAlgo hash) {
        return QapiException.generic("Hash algorithm '%s' not supported", hash.wireName());
    }
}

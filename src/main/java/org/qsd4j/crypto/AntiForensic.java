package org.qsd4j.crypto;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import org.qsd4j.qapi.gen.QCryptoHashAlgo;

/**
 * LUKS' anti-forensic splitter: a key becomes stripes as long as itself, and any lost bit of them loses the key.
 * Specification: "LUKS On-Disk Format", section 2.4.
 */
final class AntiForensic {
    private AntiForensic() {}

    /** {@code stripes} times as many bytes as the key has. */
    static byte[] split(QCryptoHashAlgo hash, byte[] key, int stripes, SecureRandom random) {
        byte[] material = new byte[Math.multiplyExact(key.length, stripes)];
        random.nextBytes(material);
        byte[] block = diffusedSum(hash, material, key.length, stripes);
        Bytes.xor(block, 0, key, 0, material, (stripes - 1) * key.length, key.length);
        Arrays.fill(block, (byte) 0);
        return material;
    }

    /** The key whose stripes those are. */
    static byte[] merge(QCryptoHashAlgo hash, byte[] material, int keyBytes, int stripes) {
        byte[] key = diffusedSum(hash, material, keyBytes, stripes);
        Bytes.xor(key, 0, material, (stripes - 1) * keyBytes, key, 0, keyBytes);
        return key;
    }

    /** All stripes but the last. */
    private static byte[] diffusedSum(QCryptoHashAlgo hash, byte[] material, int keyBytes, int stripes) {
        MessageDigest digest = Hashes.digest(hash);
        byte[] block = new byte[keyBytes];
        for (int stripe = 0; stripe < stripes - 1; stripe++) {
            Bytes.xor(block, 0, material, stripe * keyBytes, block, 0, keyBytes);
            diffuse(digest, block);
        }
        return block;
    }

    /** Replaces each piece as long as a digest by the digest of its number and itself. */
    private static void diffuse(MessageDigest digest, byte[] block) {
        int size = digest.getDigestLength();
        try {
            for (int at = 0, number = 0; at < block.length; at += size, number++) {
                int bytes = Math.min(size, block.length - at);
                digest.update((byte) (number >> 24));
                digest.update((byte) (number >> 16));
                digest.update((byte) (number >> 8));
                digest.update((byte) number);
                digest.update(block, at, bytes);
                if (bytes == size) {
                    digest.digest(block, at, size);
                } else {
                    System.arraycopy(digest.digest(), 0, block, at, bytes);
                }
            }
        } catch (DigestException e) {
            throw new IllegalStateException(e);
        }
    }
}

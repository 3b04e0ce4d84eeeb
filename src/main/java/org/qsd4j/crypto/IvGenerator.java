package org.qsd4j.crypto;

import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.gen.QCryptoIVGenAlgo;

/** Makes initialization vectors from sector numbers. One thread. QEMU: {@code QCryptoIVGen}. */
final class IvGenerator {
    static final int BYTES = 16;

    private final QCryptoIVGenAlgo algorithm;

    /** For ESSIV. */
    private final @Nullable AesBlocks cipher;

    private final byte[] numbers;

    IvGenerator(QCryptoIVGenAlgo algorithm, @Nullable AesBlocks cipher, int maxSectors) {
        this.algorithm = algorithm;
        this.cipher = cipher;
        this.numbers = new byte[maxSectors * BYTES];
    }

    /** Fills {@code ivs} with those of {@code count} sectors. */
    void fill(byte[] ivs, long firstSector, int count) {
        byte[] target = cipher == null ? ivs : numbers;
        long mask = algorithm == QCryptoIVGenAlgo.PLAIN ? 0xffff_ffffL : -1L;
        for (int i = 0; i < count; i++) {
            Bytes.LITTLE_LONG.set(target, i * BYTES, (firstSector + i) & mask);
            Bytes.LITTLE_LONG.set(target, i * BYTES + Long.BYTES, 0L);
        }
        if (cipher != null) {
            cipher.apply(numbers, 0, ivs, 0, count * BYTES);
        }
    }
}

package org.qsd4j.crypto;

import static org.qsd4j.crypto.AesBlocks.BLOCK;

/** XTS (IEEE 1619) over AES/ECB: the second half of the key makes the tweaks. */
final class XtsCipher extends SectorCipher {
    /** What a bit that leaves the 128 of a tweak comes back as: x^7 + x^2 + x + 1. */
    private static final long REDUCTION = 0x87;

    private final AesBlocks encryptor;
    private final AesBlocks decryptor;
    private final AesBlocks tweaker;
    private final byte[] firstTweaks = new byte[MAX_SECTORS * BLOCK];
    private final byte[] tweaks = new byte[input.length];

    XtsCipher(byte[] key, IvGenerator ivGenerator) {
        super(ivGenerator);
        int half = key.length / 2;
        this.encryptor = AesBlocks.encryptor(key, 0, half);
        this.decryptor = AesBlocks.decryptor(key, 0, half);
        this.tweaker = AesBlocks.encryptor(key, half, half);
    }

    @Override
    void encryptChunk(int bytes) {
        apply(encryptor, bytes);
    }

    @Override
    void decryptChunk(int bytes) {
        apply(decryptor, bytes);
    }

    private void apply(AesBlocks cipher, int bytes) {
        tweaker.apply(ivs, 0, firstTweaks, 0, bytes / SECTOR * BLOCK);
        for (int at = 0; at < bytes; at += SECTOR) {
            fillTweaks(at);
        }
        Bytes.xor(input, 0, tweaks, 0, input, 0, bytes);
        cipher.apply(input, 0, output, 0, bytes);
        Bytes.xor(output, 0, tweaks, 0, output, 0, bytes);
    }

    /** Each block's tweak is the one before it times x. */
    private void fillTweaks(int at) {
        int first = at / SECTOR * BLOCK;
        long low = (long) Bytes.LITTLE_LONG.get(firstTweaks, first);
        long high = (long) Bytes.LITTLE_LONG.get(firstTweaks, first + Long.BYTES);
        for (int block = at; block < at + SECTOR; block += BLOCK) {
            Bytes.LITTLE_LONG.set(tweaks, block, low);
            Bytes.LITTLE_LONG.set(tweaks, block + Long.BYTES, high);
            long carry = (high >> 63) & REDUCTION;
            high = high << 1 | low >>> 63;
            low = low << 1 ^ carry;
        }
    }
}

package org.qsd4j.crypto;

import static org.qsd4j.crypto.AesBlocks.BLOCK;

/** Cipher block chaining, which starts anew in each sector. */
final class CbcCipher extends SectorCipher {
    private final AesBlocks chain;
    private final AesBlocks decryptor;

    /** The last block that the chain has put out, and will mix into the next one. */
    private final byte[] last = new byte[BLOCK];

    CbcCipher(byte[] key, IvGenerator ivGenerator) {
        super(ivGenerator);
        this.chain = AesBlocks.chain(key, 0, key.length);
        this.decryptor = AesBlocks.decryptor(key, 0, key.length);
    }

    /**
     * One endless chain, so that no cipher has to be set up for a sector: what it mixes into a sector's first block is
     * mixed in beforehand, which takes it out again, and the sector's own vector with it.
     */
    @Override
    void encryptChunk(int bytes) {
        for (int at = 0; at < bytes; at += SECTOR) {
            Bytes.xor(input, at, last, 0, input, at, BLOCK);
            Bytes.xor(input, at, ivs, at / SECTOR * BLOCK, input, at, BLOCK);
            chain.apply(input, at, output, at, SECTOR);
            System.arraycopy(output, at + SECTOR - BLOCK, last, 0, BLOCK);
        }
    }

    @Override
    void decryptChunk(int bytes) {
        decryptor.apply(input, 0, output, 0, bytes);
        for (int at = 0; at < bytes; at += SECTOR) {
            Bytes.xor(output, at, ivs, at / SECTOR * BLOCK, output, at, BLOCK);
            Bytes.xor(output, at + BLOCK, input, at, output, at + BLOCK, SECTOR - BLOCK);
        }
    }
}

package org.qsd4j.crypto;

import static org.qsd4j.crypto.AesBlocks.BLOCK;

/** Counter mode: encrypted counters, which start at the initialization vector, are the key stream. */
final class CtrCipher extends SectorCipher {
    private final AesBlocks encryptor;
    private final byte[] counters = new byte[input.length];

    CtrCipher(byte[] key, IvGenerator ivGenerator) {
        super(ivGenerator);
        this.encryptor = AesBlocks.encryptor(key, 0, key.length);
    }

    @Override
    void encryptChunk(int bytes) {
        for (int at = 0; at < bytes; at += SECTOR) {
            fillCounters(at);
        }
        encryptor.apply(counters, 0, output, 0, bytes);
        Bytes.xor(output, 0, input, 0, output, 0, bytes);
    }

    /** A counter is a big-endian number of 128 bits. */
    private void fillCounters(int at) {
        int iv = at / SECTOR * BLOCK;
        long high = (long) Bytes.BIG_LONG.get(ivs, iv);
        long low = (long) Bytes.BIG_LONG.get(ivs, iv + Long.BYTES);
        for (int block = at; block < at + SECTOR; block += BLOCK) {
            Bytes.BIG_LONG.set(counters, block, high);
            Bytes.BIG_LONG.set(counters, block + Long.BYTES, low);
            low++;
            if (low == 0) {
                high++;
            }
        }
    }

    @Override
    void decryptChunk(int bytes) {
        encryptChunk(bytes);
    }
}

package org.qsd4j.crypto;

/** Electronic codebook: each block alone, without an initialization vector. */
final class EcbCipher extends SectorCipher {
    private final AesBlocks encryptor;
    private final AesBlocks decryptor;

    EcbCipher(byte[] key, IvGenerator ivGenerator) {
        super(ivGenerator);
        this.encryptor = AesBlocks.encryptor(key, 0, key.length);
        this.decryptor = AesBlocks.decryptor(key, 0, key.length);
    }

    @Override
    void encryptChunk(int bytes) {
        encryptor.apply(input, 0, output, 0, bytes);
    }

    @Override
    void decryptChunk(int bytes) {
        decryptor.apply(input, 0, output, 0, bytes);
    }
}

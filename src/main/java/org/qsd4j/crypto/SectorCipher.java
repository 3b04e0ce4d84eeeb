package org.qsd4j.crypto;

import org.qsd4j.sys.NativeBuffer;

/** A cipher in its mode, ready to work on runs of sectors. One thread; working allocates nothing. */
abstract class SectorCipher {
    static final int SECTOR = 512;

    /** So much is worked on at once: it stays in the processor's first cache. */
    private static final int CHUNK = 8192;

    static final int MAX_SECTORS = CHUNK / SECTOR;

    final byte[] input = new byte[CHUNK];
    final byte[] output = new byte[CHUNK];
    final byte[] ivs = new byte[MAX_SECTORS * IvGenerator.BYTES];
    private final IvGenerator ivGenerator;

    SectorCipher(IvGenerator ivGenerator) {
        this.ivGenerator = ivGenerator;
    }

    /** From {@link #input} to {@link #output}, with {@link #ivs}; the input may be changed. */
    abstract void encryptChunk(int bytes);

    abstract void decryptChunk(int bytes);

    /** {@code bytes} are whole sectors; source and target may be the same place. */
    final void encrypt(long firstSector, NativeBuffer source, int from, NativeBuffer target, int to, int bytes) {
        for (int done = 0; done < bytes; done += CHUNK) {
            int chunk = Math.min(CHUNK, bytes - done);
            load(firstSector + done / SECTOR, source, from + done, chunk);
            encryptChunk(chunk);
            target.put(to + done, output, 0, chunk);
        }
    }

    /** {@code bytes} are whole sectors. */
    final void decrypt(long firstSector, NativeBuffer buffer, int at, int bytes) {
        for (int done = 0; done < bytes; done += CHUNK) {
            int chunk = Math.min(CHUNK, bytes - done);
            load(firstSector + done / SECTOR, buffer, at + done, chunk);
            decryptChunk(chunk);
            buffer.put(at + done, output, 0, chunk);
        }
    }

    private void load(long firstSector, NativeBuffer source, int from, int bytes) {
        ivGenerator.fill(ivs, firstSector, bytes / SECTOR);
        source.get(from, input, 0, bytes);
    }
}

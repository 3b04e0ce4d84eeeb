package org.qsd4j.crypto;

import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.gen.QCryptoCipherAlgo;
import org.qsd4j.qapi.gen.QCryptoCipherMode;
import org.qsd4j.qapi.gen.QCryptoIVGenAlgo;
import org.qsd4j.sys.NativeBuffer;

/**
 * An unlocked volume: encrypts and decrypts its sectors. QEMU: {@code QCryptoBlock}. The work is done on the calling
 * thread, with ciphers of its own; after a thread's first call nothing is allocated.
 */
@ThreadSafe
public final class BlockCrypto implements AutoCloseable {
    /** Offsets and lengths are multiples of it. */
    public static final int SECTOR = SectorCipher.SECTOR;

    /** What {@link #bounce} lends at least. */
    public static final int BOUNCE_BYTES = 256 << 10;

    private static final int QCOW_KEY = 16;

    private static final CipherSpec QCOW =
            new CipherSpec(QCryptoCipherAlgo.AES_128, QCryptoCipherMode.CBC, QCryptoIVGenAlgo.PLAIN64, null);

    private static final class Worker {
        final SectorCipher cipher;

        @Nullable
        NativeBuffer bounce;

        Worker(SectorCipher cipher) {
            this.cipher = cipher;
        }
    }

    private final CipherSpec spec;
    private final byte[] key;
    private final ThreadLocal<Worker> workers;

    /** Takes over the key: {@link #close} zeroes it. */
    BlockCrypto(CipherSpec spec, byte[] key) {
        this(spec, key, () -> new Worker(spec.newCipher(key)));
    }

    private BlockCrypto(CipherSpec spec, byte[] key, Supplier<Worker> workers) {
        this.spec = spec;
        this.key = key;
        this.workers = ThreadLocal.withInitial(workers);
    }

    /** Of a volume that nobody unlocks, because nobody reads or writes it: doing so is a mistake of the program's. */
    static BlockCrypto locked(CipherSpec spec) {
        return new BlockCrypto(spec, new byte[0], () -> {
            throw new IllegalStateException("the volume is locked");
        });
    }

    /** The same for the old encryption of qcow2. */
    public static BlockCrypto lockedQcow() {
        return locked(QCOW);
    }

    /** The old encryption of qcow2, which has the passphrase's first 16 bytes for a key; the caller keeps its array. */
    public static BlockCrypto qcow(byte[] passphrase) {
        return new BlockCrypto(QCOW, Arrays.copyOf(passphrase, QCOW_KEY));
    }

    /** The same for another user, who closes it by himself. Before {@link #close}. */
    public BlockCrypto share() {
        return new BlockCrypto(spec, key.clone());
    }

    /**
     * Encrypts sectors into another place.
     *
     * @param offset what the initialization vectors are made of, in bytes: a multiple of {@link #SECTOR}
     */
    public void encrypt(long offset, NativeBuffer source, int from, NativeBuffer target, int to, int bytes) {
        workers.get().cipher.encrypt(offset / SECTOR, source, from, target, to, bytes);
    }

    /** Decrypts sectors where they are. See {@link #encrypt}. */
    public void decrypt(long offset, NativeBuffer buffer, int at, int bytes) {
        workers.get().cipher.decrypt(offset / SECTOR, buffer, at, bytes);
    }

    /** The calling thread's memory for what it has encrypted, until its next call. */
    public NativeBuffer bounce() {
        Worker worker = workers.get();
        NativeBuffer bounce = worker.bounce;
        if (bounce == null) {
            bounce = NativeBuffer.allocate(BOUNCE_BYTES);
            worker.bounce = bounce;
        }
        return bounce;
    }

    /** Forgets the key. No request may come afterwards. */
    @Override
    public void close() {
        Arrays.fill(key, (byte) 0);
    }
}

package org.qsd4j.crypto;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.qsd4j.crypto.LuksHeader.KeySlot;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.QCryptoBlockCreateOptionsLUKS;
import org.qsd4j.qapi.gen.QCryptoCipherAlgo;
import org.qsd4j.qapi.gen.QCryptoCipherMode;
import org.qsd4j.qapi.gen.QCryptoHashAlgo;
import org.qsd4j.qapi.gen.QCryptoIVGenAlgo;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/** The header of a new volume, with one passphrase in it. QEMU: {@code qcrypto_block_luks_create}. */
public final class NewLuksVolume {
    private static final long DEFAULT_ITER_MILLIS = 2000;
    private static final long MIN_ITERATIONS = 1000;

    /** The digest of the master key is to cost less than the passphrase, which is tried on every slot. */
    private static final int MASTER_KEY_SHARE = 8;

    private final CipherSpec spec;
    private final QCryptoHashAlgo hash;
    private final long iterMillis;
    private final boolean detached;
    private final SecureRandom random = new SecureRandom();

    /**
     * @param detached the payload isn't going to be behind the header
     * @throws QapiException if the options don't fit each other, or the JDK doesn't have what they ask for
     */
    public NewLuksVolume(QCryptoBlockCreateOptionsLUKS options, boolean detached) {
        this.spec = spec(options);
        this.hash = orElse(options.hashAlg(), QCryptoHashAlgo.SHA256);
        Long millis = options.iterTime();
        this.iterMillis = millis == null || millis == 0 ? DEFAULT_ITER_MILLIS : millis;
        this.detached = detached;
        Hashes.digest(hash);
    }

    private static CipherSpec spec(QCryptoBlockCreateOptionsLUKS options) {
        QCryptoIVGenAlgo ivGenerator = orElse(options.ivgenAlg(), QCryptoIVGenAlgo.PLAIN64);
        QCryptoHashAlgo ivHash = options.ivgenHashAlg();
        if (ivHash == null && ivGenerator == QCryptoIVGenAlgo.ESSIV) {
            ivHash = QCryptoHashAlgo.SHA256;
        }
        CipherSpec spec = new CipherSpec(
                orElse(options.cipherAlg(), QCryptoCipherAlgo.AES_256),
                orElse(options.cipherMode(), QCryptoCipherMode.XTS),
                ivGenerator,
                ivHash);
        LuksNames.cipherName(spec.cipher());
        spec.check();
        return spec;
    }

    private static <T> T orElse(@Nullable T value, T fallback) {
        return value == null ? fallback : value;
    }

    /** The space of header and key slots in bytes: where the payload starts, unless that is elsewhere. */
    public long headerLength() {
        return LuksHeader.ALIGNMENT + LuksHeader.SLOTS * (long) slotBytes();
    }

    private int slotBytes() {
        return (int) Align.up(LuksVolume.materialBytes(spec.keyBytes()), LuksHeader.ALIGNMENT);
    }

    /**
     * Makes a master key and puts it into the first slot.
     *
     * @param passphrase stays the caller's
     * @return the header's first bytes; the rest of {@link #headerLength} is zeroes
     */
    public byte[] make(byte[] passphrase) {
        byte[] masterKey = new byte[spec.keyBytes()];
        random.nextBytes(masterKey);
        try {
            return make(passphrase, masterKey);
        } finally {
            Arrays.fill(masterKey, (byte) 0);
        }
    }

    private byte[] make(byte[] passphrase, byte[] masterKey) {
        byte[] salt = salt();
        long iterations = iterations(LuksHeader.DIGEST_BYTES, MASTER_KEY_SHARE);
        byte[] digest = Pbkdf2.derive(hash, masterKey, salt, iterations, LuksHeader.DIGEST_BYTES);
        KeySlot first = new KeySlot(
                KeySlot.ACTIVE,
                iterations(masterKey.length, 1),
                salt(),
                LuksHeader.ALIGNMENT / SectorCipher.SECTOR,
                LuksHeader.STRIPES);
        LuksHeader header = new LuksHeader(
                true,
                LuksHeader.VERSION,
                LuksNames.cipherName(spec.cipher()),
                LuksNames.modeText(spec),
                hash.wireName(),
                detached ? 0 : headerLength() / SectorCipher.SECTOR,
                masterKey.length,
                digest,
                salt,
                iterations,
                UUID.randomUUID().toString(),
                slots(first));
        byte[] bytes = new byte[LuksHeader.ALIGNMENT + slotBytes()];
        header.writeTo(bytes);
        encryptKey(passphrase, masterKey, first, bytes);
        return bytes;
    }

    private long iterations(int keyBytes, int share) {
        long perSecond = Pbkdf2.iterationsPerSecond(hash, keyBytes);
        return Math.max(MIN_ITERATIONS, Pbkdf2.scale(perSecond, iterMillis) / share);
    }

    private byte[] salt() {
        byte[] salt = new byte[LuksHeader.SALT_BYTES];
        random.nextBytes(salt);
        return salt;
    }

    private List<KeySlot> slots(KeySlot first) {
        List<KeySlot> slots = new ArrayList<>(List.of(first));
        for (int i = 1; i < LuksHeader.SLOTS; i++) {
            long sector = (LuksHeader.ALIGNMENT + (long) i * slotBytes()) / SectorCipher.SECTOR;
            byte[] noSalt = new byte[LuksHeader.SALT_BYTES];
            slots.add(new KeySlot(KeySlot.INACTIVE, 0, noSalt, sector, LuksHeader.STRIPES));
        }
        return slots;
    }

    private void encryptKey(byte[] passphrase, byte[] masterKey, KeySlot slot, byte[] into) {
        byte[] material = AntiForensic.split(hash, masterKey, LuksHeader.STRIPES, random);
        int bytes = LuksVolume.materialBytes(masterKey.length);
        NativeBuffer buffer = NativeBuffer.allocate(bytes);
        byte[] slotKey = Pbkdf2.derive(hash, passphrase, slot.salt(), slot.iterations(), masterKey.length);
        try {
            buffer.put(0, material, 0, material.length);
            spec.newCipher(slotKey).encrypt(0, buffer, 0, buffer, 0, bytes);
            buffer.get(0, into, LuksHeader.ALIGNMENT, bytes);
        } finally {
            Arrays.fill(slotKey, (byte) 0);
            Arrays.fill(material, (byte) 0);
        }
    }
}

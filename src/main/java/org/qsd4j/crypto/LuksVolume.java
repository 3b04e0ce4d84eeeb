package org.qsd4j.crypto;

import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.Immutable;
import org.qsd4j.crypto.LuksHeader.KeySlot;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.QCryptoBlockInfoLUKS;
import org.qsd4j.qapi.gen.QCryptoBlockInfoLUKSSlot;
import org.qsd4j.qapi.gen.QCryptoHashAlgo;
import org.qsd4j.qapi.gen.QCryptoIVGenAlgo;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/** A LUKS volume of which the header has been read and checked. QEMU: {@code QCryptoBlockLUKS}. */
@Immutable
public final class LuksVolume {
    private final LuksHeader header;
    private final CipherSpec spec;
    private final QCryptoHashAlgo hash;
    private final boolean detached;

    private LuksVolume(LuksHeader header, boolean detached) {
        this.header = header;
        this.detached = detached;
        this.spec = LuksNames.parse(header);
        this.hash = LuksNames.hash(header.hashSpec());
    }

    /**
     * Reads a header.
     *
     * @param detached whether the payload isn't behind it, but elsewhere
     * @throws QapiException in the real daemon's words
     */
    public static LuksVolume read(HeaderSource source, boolean detached) {
        byte[] bytes = new byte[LuksHeader.BYTES];
        int result = source.read(0, bytes);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Unable to read LUKS header");
        }
        LuksHeader header = LuksHeader.parse(bytes);
        LuksCheck.check(header, detached);
        return new LuksVolume(header, detached);
    }

    /** Whether something looks like a volume that {@link #read} might take; {@code head} are its first bytes. */
    public static boolean probe(byte[] head) {
        if (head.length < LuksHeader.BYTES) {
            return false;
        }
        LuksHeader header = LuksHeader.parse(Arrays.copyOf(head, LuksHeader.BYTES));
        return header.hasMagic() && header.version() == LuksHeader.VERSION;
    }

    /** Where the payload starts, in bytes. */
    public long payloadOffset() {
        return header.payloadSector() * SectorCipher.SECTOR;
    }

    /** For whoever only looks at the header. */
    public BlockCrypto locked() {
        return BlockCrypto.locked(spec);
    }

    /** Whether the other volume's key is this one's too, by what the headers tell of it. */
    public boolean hasKeyOf(LuksVolume other) {
        return spec.equals(other.spec)
                && hash == other.hash
                && header.masterKeyIterations() == other.header.masterKeyIterations()
                && Arrays.equals(header.masterKeySalt(), other.header.masterKeySalt())
                && Arrays.equals(header.masterKeyDigest(), other.header.masterKeyDigest());
    }

    /**
     * Tries the passphrase on every key slot.
     *
     * @throws QapiException if it fits none
     */
    public BlockCrypto unlock(HeaderSource source, byte[] passphrase) {
        for (KeySlot slot : header.slots()) {
            byte[] key = slot.isActive() ? tryUnlock(slot, source, passphrase) : null;
            if (key != null) {
                return new BlockCrypto(spec, key);
            }
        }
        throw QapiException.generic("Invalid password, cannot unlock any keyslot");
    }

    /** The master key, or null if the passphrase isn't this slot's. */
    private byte @Nullable [] tryUnlock(KeySlot slot, HeaderSource source, byte[] passphrase) {
        int keyBytes = (int) header.keyBytes();
        byte[] material = readMaterial(slot, source);
        byte[] slotKey = Pbkdf2.derive(hash, passphrase, slot.salt(), slot.iterations(), keyBytes);
        byte[] masterKey;
        try {
            decryptMaterial(slotKey, material);
            masterKey = AntiForensic.merge(hash, material, keyBytes, LuksHeader.STRIPES);
        } finally {
            Arrays.fill(slotKey, (byte) 0);
            Arrays.fill(material, (byte) 0);
        }
        byte[] digest = Pbkdf2.derive(
                hash, masterKey, header.masterKeySalt(), header.masterKeyIterations(), LuksHeader.DIGEST_BYTES);
        if (MessageDigest.isEqual(digest, header.masterKeyDigest())) {
            return masterKey;
        }
        Arrays.fill(masterKey, (byte) 0);
        return null;
    }

    private byte[] readMaterial(KeySlot slot, HeaderSource source) {
        byte[] material = new byte[materialBytes((int) header.keyBytes())];
        int result = source.read(slot.sector() * SectorCipher.SECTOR, material);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Failed to read key material");
        }
        return material;
    }

    private void decryptMaterial(byte[] slotKey, byte[] material) {
        NativeBuffer buffer = NativeBuffer.allocate(material.length);
        try {
            buffer.put(0, material, 0, material.length);
            spec.newCipher(slotKey).decrypt(0, buffer, 0, material.length);
            buffer.get(0, material, 0, material.length);
        } finally {
            buffer.zero(0, material.length);
        }
    }

    /** A slot's key material, in whole sectors. */
    static int materialBytes(int keyBytes) {
        return (int) Align.up((long) keyBytes * LuksHeader.STRIPES, SectorCipher.SECTOR);
    }

    /** What replies tell of the volume. */
    public QCryptoBlockInfoLUKS info() {
        List<QCryptoBlockInfoLUKSSlot> slots = new ArrayList<>();
        for (KeySlot slot : header.slots()) {
            slots.add(new QCryptoBlockInfoLUKSSlot(
                    slot.isActive(),
                    slot.isActive() ? slot.iterations() : null,
                    slot.isActive() ? slot.stripes() : null,
                    slot.sector() * SectorCipher.SECTOR));
        }
        return QCryptoBlockInfoLUKS.builder()
                .cipherAlg(spec.cipher())
                .cipherMode(spec.mode())
                .ivgenAlg(spec.ivGenerator())
                .ivgenHashAlg(spec.ivGenerator() == QCryptoIVGenAlgo.ESSIV ? spec.ivHash() : null)
                .hashAlg(hash)
                .detachedHeader(detached)
                .payloadOffset(payloadOffset())
                .masterKeyIters(header.masterKeyIterations())
                .uuid(header.uuid())
                .slots(slots)
                .build();
    }
}

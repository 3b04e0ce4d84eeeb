package org.qsd4j.crypto;

import java.util.List;
import org.qsd4j.crypto.LuksHeader.KeySlot;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.util.Align;

/** Whether a header makes sense: past it, what it points to is where it can be. QEMU: {@code qcrypto_block_luks_check_header}. */
final class LuksCheck {
    /** Where the first key material can start. */
    private static final int HEADER_SECTORS = (LuksHeader.BYTES + SectorCipher.SECTOR - 1) / SectorCipher.SECTOR;

    /**
     * All slots together, so that a made-up header doesn't stop the daemon for hours. QEMU has no limit here; a slot that
     * was made to take ten seconds has a few ten million.
     */
    private static final long MAX_ITERATIONS = 1L << 28;

    private LuksCheck() {}

    /** @throws QapiException in the real daemon's words */
    static void check(LuksHeader header, boolean detached) {
        checkTexts(header);
        if (!detached && header.payloadSector() < HEADER_SECTORS) {
            throw QapiException.generic("LUKS payload is overlapping with the header");
        }
        if (header.masterKeyIterations() == 0) {
            throw QapiException.generic("LUKS key iteration count is zero");
        }
        List<KeySlot> slots = header.slots();
        for (int i = 0; i < slots.size(); i++) {
            checkSlot(i, slots.get(i), header, detached);
            checkOverlap(i, header);
        }
        checkIterations(header);
    }

    private static void checkTexts(LuksHeader header) {
        if (!header.hasMagic()) {
            throw QapiException.generic("Volume is not in LUKS format");
        }
        if (header.version() != LuksHeader.VERSION) {
            throw QapiException.generic("LUKS version %d is not supported", header.version());
        }
        requireEnding("cipher name", header.cipherName());
        requireEnding("cipher mode", header.cipherMode());
        requireEnding("hash spec", header.hashSpec());
    }

    private static void requireEnding(String what, String text) {
        if (text.equals(LuksHeader.UNENDING)) {
            throw QapiException.generic("LUKS header %s is not NUL terminated", what);
        }
    }

    private static void checkSlot(int index, KeySlot slot, LuksHeader header, boolean detached) {
        if (slot.stripes() != LuksHeader.STRIPES) {
            throw QapiException.generic(
                    "Keyslot %d is corrupted (stripes %d != %d)", index, (int) slot.stripes(), LuksHeader.STRIPES);
        }
        if (slot.sector() < HEADER_SECTORS) {
            throw QapiException.generic("Keyslot %d is overlapping with the LUKS header", index);
        }
        if (!slot.isActive() && slot.state() != KeySlot.INACTIVE) {
            throw QapiException.generic("Keyslot %d state (active/disable) is corrupted", index);
        }
        if (slot.isActive() && slot.iterations() == 0) {
            throw QapiException.generic("Keyslot %d iteration count is zero", index);
        }
        if (!detached && end(slot, header) > header.payloadSector()) {
            throw QapiException.generic("Keyslot %d is overlapping with the encrypted payload", index);
        }
    }

    private static void checkOverlap(int index, LuksHeader header) {
        KeySlot slot = header.slots().get(index);
        for (int other = index + 1; other < header.slots().size(); other++) {
            KeySlot second = header.slots().get(other);
            if (slot.sector() < end(second, header) && second.sector() < end(slot, header)) {
                throw QapiException.generic("Keyslots %d and %d are overlapping in the header", index, other);
            }
        }
    }

    /** The sector behind a slot's key material, which fills whole units. */
    private static long end(KeySlot slot, LuksHeader header) {
        return slot.sector()
                + Align.up(header.keyBytes() * LuksHeader.STRIPES, LuksHeader.ALIGNMENT) / SectorCipher.SECTOR;
    }

    private static void checkIterations(LuksHeader header) {
        long total = 0;
        for (KeySlot slot : header.slots()) {
            // The key that a slot gives is checked against the digest, with as many again.
            total += slot.isActive() ? slot.iterations() + header.masterKeyIterations() : 0;
        }
        if (total > MAX_ITERATIONS) {
            throw QapiException.generic(
                    "LUKS key iteration counts of %d together are too large; at most %d are supported",
                    total, MAX_ITERATIONS);
        }
    }
}

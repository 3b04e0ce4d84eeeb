package org.qsd4j.crypto;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The header of a LUKS volume, version 1, big endian. Specification: "LUKS On-Disk Format", figures 1 and 2.
 *
 * <pre>
 *   0  6  magic              LUKS 0xba 0xbe
 *   6  2  version            1
 *   8 32  cipher-name        ends in NUL
 *  40 32  cipher-mode        ends in NUL
 *  72 32  hash-spec          ends in NUL
 * 104  4  payload-offset     in sectors of 512 bytes
 * 108  4  key-bytes          of the master key
 * 112 20  mk-digest          PBKDF2 of the master key
 * 132 32  mk-digest-salt
 * 164  4  mk-digest-iter
 * 168 40  UUID               ends in NUL
 * 208 48  key slot, eight times
 *
 *   0  4  active             0x00ac71f3, or 0x0000dead
 *   4  4  iterations
 *   8 32  salt
 *  40  4  key-material-offset, in sectors of 512 bytes
 *  44  4  stripes
 * </pre>
 *
 * @param cipherName null: it doesn't end; the same with the next two
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and nobody changes them
record LuksHeader(
        boolean hasMagic,
        int version,
        String cipherName,
        String cipherMode,
        String hashSpec,
        long payloadSector,
        long keyBytes,
        byte[] masterKeyDigest,
        byte[] masterKeySalt,
        long masterKeyIterations,
        String uuid,
        List<KeySlot> slots) {
    static final int BYTES = 592;
    static final int VERSION = 1;
    static final int SLOTS = 8;

    /** Key material starts at multiples of so many bytes. */
    static final int ALIGNMENT = 4096;

    static final int STRIPES = 4000;
    static final int DIGEST_BYTES = 20;
    static final int SALT_BYTES = 32;

    /** What a name that doesn't end is read as. */
    static final String UNENDING = "\0";

    private static final byte[] MAGIC = {'L', 'U', 'K', 'S', (byte) 0xba, (byte) 0xbe};
    private static final int NAME_BYTES = 32;
    private static final int UUID_BYTES = 40;

    /** Numbers are unsigned; the offset in sectors. */
    @SuppressWarnings("ArrayRecordComponent")
    record KeySlot(int state, long iterations, byte[] salt, long sector, long stripes) {
        static final int ACTIVE = 0x00ac71f3;
        static final int INACTIVE = 0x0000dead;

        boolean isActive() {
            return state == ACTIVE;
        }
    }

    /** {@code bytes} are {@link #BYTES}; nothing of it is checked. */
    static LuksHeader parse(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        boolean magic = Arrays.equals(take(in, MAGIC.length), MAGIC);
        int version = Short.toUnsignedInt(in.getShort());
        return new LuksHeader(
                magic,
                version,
                name(in, NAME_BYTES),
                name(in, NAME_BYTES),
                name(in, NAME_BYTES),
                Integer.toUnsignedLong(in.getInt()),
                Integer.toUnsignedLong(in.getInt()),
                take(in, DIGEST_BYTES),
                take(in, SALT_BYTES),
                Integer.toUnsignedLong(in.getInt()),
                uuid(in),
                slots(in));
    }

    private static byte[] take(ByteBuffer in, int bytes) {
        byte[] taken = new byte[bytes];
        in.get(taken);
        return taken;
    }

    private static String name(ByteBuffer in, int bytes) {
        byte[] text = take(in, bytes);
        int end = end(text);
        return end == bytes ? UNENDING : new String(text, 0, end, StandardCharsets.ISO_8859_1);
    }

    private static String uuid(ByteBuffer in) {
        byte[] text = take(in, UUID_BYTES);
        return new String(text, 0, end(text), StandardCharsets.ISO_8859_1);
    }

    private static int end(byte[] text) {
        int end = 0;
        while (end < text.length && text[end] != 0) {
            end++;
        }
        return end;
    }

    private static List<KeySlot> slots(ByteBuffer in) {
        List<KeySlot> slots = new ArrayList<>();
        for (int i = 0; i < SLOTS; i++) {
            slots.add(new KeySlot(
                    in.getInt(),
                    Integer.toUnsignedLong(in.getInt()),
                    take(in, SALT_BYTES),
                    Integer.toUnsignedLong(in.getInt()),
                    Integer.toUnsignedLong(in.getInt())));
        }
        return slots;
    }

    /** Writes the header to the start of {@code into}. */
    void writeTo(byte[] into) {
        ByteBuffer out = ByteBuffer.wrap(into);
        out.put(MAGIC).putShort((short) version);
        put(out, cipherName, NAME_BYTES);
        put(out, cipherMode, NAME_BYTES);
        put(out, hashSpec, NAME_BYTES);
        out.putInt((int) payloadSector).putInt((int) keyBytes);
        out.put(masterKeyDigest).put(masterKeySalt).putInt((int) masterKeyIterations);
        put(out, uuid, UUID_BYTES);
        for (KeySlot slot : slots) {
            out.putInt(slot.state()).putInt((int) slot.iterations()).put(slot.salt());
            out.putInt((int) slot.sector()).putInt((int) slot.stripes());
        }
    }

    private static void put(ByteBuffer out, String text, int bytes) {
        out.put(Arrays.copyOf(text.getBytes(StandardCharsets.ISO_8859_1), bytes));
    }
}

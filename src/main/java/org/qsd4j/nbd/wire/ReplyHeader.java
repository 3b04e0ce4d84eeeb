package org.qsd4j.nbd.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * The three headers of replies ("Simple reply message", "Structured reply chunk message", "Extended reply chunk
 * message"). Struct view.
 *
 * <pre>
 *  simple            structured        extended
 *  0 u32 magic       0 u32 magic       0 u32 magic
 *  4 u32 error       4 u16 flags       4 u16 flags
 *  8 u64 cookie      6 u16 type        6 u16 type
 *                    8 u64 cookie      8 u64 cookie
 *                   16 u32 length     16 u64 offset
 *                                     24 u64 length
 * </pre>
 */
public final class ReplyHeader {
    public static final int SIMPLE_SIZE = 16;
    public static final int STRUCTURED_SIZE = 20;
    public static final int EXTENDED_SIZE = 32;

    private static final int ERROR = 4;
    private static final int FLAGS = 4;
    private static final int TYPE = 6;
    private static final int COOKIE = 8;
    private static final int STRUCTURED_LENGTH = 16;
    private static final int EXTENDED_OFFSET = 16;
    private static final int EXTENDED_LENGTH = 24;

    private ReplyHeader() {}

    public static int magic(NativeBuffer b, int at) {
        return b.getIntBE(at);
    }

    public static int error(NativeBuffer b, int at) {
        return b.getIntBE(at + ERROR);
    }

    public static int flags(NativeBuffer b, int at) {
        return b.getShortBE(at + FLAGS) & 0xffff;
    }

    public static int type(NativeBuffer b, int at) {
        return b.getShortBE(at + TYPE) & 0xffff;
    }

    public static long cookie(NativeBuffer b, int at) {
        return b.getLongBE(at + COOKIE);
    }

    /** The payload's length, of a chunk. */
    public static long length(NativeBuffer b, int at, boolean extended) {
        return extended ? b.getLongBE(at + EXTENDED_LENGTH) : b.getIntBE(at + STRUCTURED_LENGTH) & 0xffff_ffffL;
    }

    /** Writes a simple reply; its size. */
    public static int putSimple(NativeBuffer b, int at, int error, long cookie) {
        b.putIntBE(at, Nbd.NBD_SIMPLE_REPLY_MAGIC);
        b.putIntBE(at + ERROR, error);
        b.putLongBE(at + COOKIE, cookie);
        return SIMPLE_SIZE;
    }

    /** Writes the header of a structured chunk with {@code length} bytes of payload; its size. */
    public static int putStructured(NativeBuffer b, int at, int flags, int type, long cookie, int length) {
        b.putIntBE(at, Nbd.NBD_STRUCTURED_REPLY_MAGIC);
        b.putShortBE(at + FLAGS, (short) flags);
        b.putShortBE(at + TYPE, (short) type);
        b.putLongBE(at + COOKIE, cookie);
        b.putIntBE(at + STRUCTURED_LENGTH, length);
        return STRUCTURED_SIZE;
    }

    /** Writes the header of an extended chunk; {@code offset} is the request's. Its size. */
    public static int putExtended(NativeBuffer b, int at, int flags, int type, long cookie, long offset, long length) {
        b.putIntBE(at, Nbd.NBD_EXTENDED_REPLY_MAGIC);
        b.putShortBE(at + FLAGS, (short) flags);
        b.putShortBE(at + TYPE, (short) type);
        b.putLongBE(at + COOKIE, cookie);
        b.putLongBE(at + EXTENDED_OFFSET, offset);
        b.putLongBE(at + EXTENDED_LENGTH, length);
        return EXTENDED_SIZE;
    }
}

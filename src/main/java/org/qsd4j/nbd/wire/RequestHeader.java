package org.qsd4j.nbd.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * A request of the transmission phase, compact and extended ("Request message"). Struct view.
 *
 * <pre>
 *  compact                      extended
 *  0 u32 magic                  0 u32 magic
 *  4 u16 command flags          4 u16 command flags
 *  6 u16 type                   6 u16 type
 *  8 u64 cookie                 8 u64 cookie
 * 16 u64 offset                16 u64 offset
 * 24 u32 length                24 u64 length
 * </pre>
 */
public final class RequestHeader {
    public static final int COMPACT_SIZE = 28;
    public static final int EXTENDED_SIZE = 32;

    private static final int FLAGS = 4;
    private static final int TYPE = 6;
    private static final int COOKIE = 8;
    private static final int OFFSET = 16;
    private static final int LENGTH = 24;

    private RequestHeader() {}

    public static int magic(NativeBuffer b, int at) {
        return b.getIntBE(at);
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

    public static long offset(NativeBuffer b, int at) {
        return b.getLongBE(at + OFFSET);
    }

    /** Unsigned 64 bits. */
    public static long length(NativeBuffer b, int at, boolean extended) {
        return extended ? b.getLongBE(at + LENGTH) : b.getIntBE(at + LENGTH) & 0xffff_ffffL;
    }

    public static int size(boolean extended) {
        return extended ? EXTENDED_SIZE : COMPACT_SIZE;
    }

    /** Writes a whole header; its size. */
    public static int put(
            NativeBuffer b, int at, boolean extended, int flags, int type, long cookie, long offset, long length) {
        b.putIntBE(at, extended ? Nbd.NBD_EXTENDED_REQUEST_MAGIC : Nbd.NBD_REQUEST_MAGIC);
        b.putShortBE(at + FLAGS, (short) flags);
        b.putShortBE(at + TYPE, (short) type);
        b.putLongBE(at + COOKIE, cookie);
        b.putLongBE(at + OFFSET, offset);
        if (extended) {
            b.putLongBE(at + LENGTH, length);
        } else {
            b.putIntBE(at + LENGTH, (int) length);
        }
        return size(extended);
    }
}

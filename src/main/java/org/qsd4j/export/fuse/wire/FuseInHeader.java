package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_in_header, in front of every request.
 *
 * <pre>
 *  0 len u32           the whole request, header included
 *  4 opcode u32
 *  8 unique u64        the reply carries it back
 * 16 nodeid u64
 * 24 uid u32  28 gid u32  32 pid u32
 * 36 total_extlen u16  38 padding u16
 * </pre>
 */
public final class FuseInHeader {
    public static final int SIZE = 40;

    private static final int LEN = 0;
    private static final int OPCODE = 4;
    private static final int UNIQUE = 8;

    private FuseInHeader() {}

    public static int len(NativeBuffer memory, int at) {
        return memory.getInt(at + LEN);
    }

    public static int opcode(NativeBuffer memory, int at) {
        return memory.getInt(at + OPCODE);
    }

    public static long unique(NativeBuffer memory, int at) {
        return memory.getLong(at + UNIQUE);
    }
}

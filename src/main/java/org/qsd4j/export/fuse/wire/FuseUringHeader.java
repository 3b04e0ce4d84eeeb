package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_uring_req_header: what lies beside a ring entry's payload.
 *
 * <pre>
 *   0 in_out u8[128]   struct fuse_in_header of the request, later struct fuse_out_header of the reply
 * 128 op_in u8[128]    the operation's own structure
 * 256 ring_ent_in_out  struct fuse_uring_ent_in_out:
 *     256 flags u64  264 commit_id u64  272 payload_sz u32  276 padding u32  280 reserved u64
 * </pre>
 */
public final class FuseUringHeader {
    public static final int IN_OUT = 0;
    public static final int OP_IN = 128;
    public static final int OP_IN_SIZE = 128;
    public static final int SIZE = 288;

    private static final int COMMIT_ID = 264;
    private static final int PAYLOAD_SZ = 272;

    private FuseUringHeader() {}

    /** What the reply has to name. */
    public static long commitId(NativeBuffer memory, int at) {
        return memory.getLong(at + COMMIT_ID);
    }

    public static int payloadSize(NativeBuffer memory, int at) {
        return memory.getInt(at + PAYLOAD_SZ);
    }

    public static void putPayloadSize(NativeBuffer memory, int at, int bytes) {
        memory.putInt(at + PAYLOAD_SZ, bytes);
    }
}

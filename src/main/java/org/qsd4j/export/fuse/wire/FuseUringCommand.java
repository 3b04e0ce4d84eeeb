package org.qsd4j.export.fuse.wire;

import org.qsd4j.sys.NativeBuffer;

/**
 * struct fuse_uring_cmd_req, the part of a submission entry that is FUSE's own.
 *
 * <pre>
 *  0 flags u64
 *  8 commit_id u64
 * 16 qid u16         the processor whose requests the entry takes
 * 18 padding u8[6]
 * </pre>
 */
public final class FuseUringCommand {
    /** Hands an entry to the kernel: address and length of the submission are those of two iovecs, header and payload. */
    public static final int FUSE_IO_URING_CMD_REGISTER = 1;

    /** Replies to the entry's request, and hands the entry over again. */
    public static final int FUSE_IO_URING_CMD_COMMIT_AND_FETCH = 2;

    /** The length that goes with REGISTER. */
    public static final int IOVECS = 2;

    private static final int COMMIT_ID = 8;
    private static final int QID = 16;

    private FuseUringCommand() {}

    public static void put(NativeBuffer memory, int at, long commitId, int qid) {
        memory.putLong(at + COMMIT_ID, commitId);
        memory.putShort(at + QID, (short) qid);
    }
}

package org.qsd4j.block.driver.nbd;

import org.jspecify.annotations.Nullable;
import org.qsd4j.sys.NativeBuffer;

/**
 * A request in flight, reused. Written by the thread that asks before it is sent, then by whichever thread receives the
 * reply until {@link #done}, which is guarded by the connection.
 */
final class ClientRequest {
    /** The place in the connection's table; the lower half of the cookie. */
    final int index;

    /** The upper half of the cookie: a late reply to an earlier request doesn't fit. */
    int generation;

    int type;
    long offset;
    long length;

    /** Where a read's data go; null for other commands. */
    @Nullable
    NativeBuffer data;

    int at;

    /** First extent of a block status: its length, 0 as long as there is none, and its flags. */
    long extentBytes;

    long extentFlags;

    /** Bytes of a read that have come, as data or hole. */
    long received;

    /** 0 or -errno. */
    int result;

    boolean done;

    @Nullable
    Thread waiter;

    @Nullable
    ClientRequest nextFree;

    ClientRequest(int index) {
        this.index = index;
    }

    long cookie() {
        return ((long) generation << 32) | index;
    }

    void begin(int type, long offset, long length) {
        generation++;
        this.type = type;
        this.offset = offset;
        this.length = length;
        extentBytes = 0;
        received = 0;
        result = 0;
        done = false;
    }

    void fail(int errno) {
        if (result == 0) {
            result = -errno;
        }
    }
}

package org.qsd4j.export.fuse;

import org.qsd4j.aio.ThreadSafe;

/**
 * A thread that takes requests from the kernel, has them answered by {@link FuseDispatch} and sends the replies: {@link
 * FuseQueue} over /dev/fuse, {@link FuseRing} over io_uring.
 */
interface FuseTransport extends Runnable {
    /** A request is taken and not answered. */
    @ThreadSafe
    boolean isBusy();

    /** Has it look at {@link FuseExport#isStopping}. */
    @ThreadSafe
    void wake();

    /** Gives up what it owns. Its thread ends, or was never started. */
    void discard();
}

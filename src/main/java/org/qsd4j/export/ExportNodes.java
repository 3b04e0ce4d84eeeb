package org.qsd4j.export;

import org.qsd4j.aio.MainThread;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.qapi.QapiException;

/** What exports need of the block graph. */
@MainThread
public interface ExportNodes {
    /** @throws QapiException if there is no such node */
    boolean isReadOnly(String nodeName);

    /**
     * A backend for the node with consistent-read, write if {@code writable}, and the extra permissions; others may do
     * anything beside it.
     *
     * @throws QapiException if another user of the node forbids one of the permissions
     */
    BlockBackend open(String nodeName, boolean writable, int extraPermissions);

    /** Closes a backend of {@link #open}. */
    void close(BlockBackend blk);
}

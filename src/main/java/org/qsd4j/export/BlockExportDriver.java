package org.qsd4j.export;

import org.qsd4j.aio.Immutable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.Permission;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockExportType;

/** Makes the exports of one type. QEMU: {@code BlockExportDriver}. */
@Immutable
public interface BlockExportDriver {
    BlockExportType type();

    /** Whether clients can cope with a node that is inactive (owned by another process for now). */
    default boolean supportsInactive() {
        return false;
    }

    /** The {@link Permission} mask beyond consistent-read, and write if writable, that such an export takes. */
    default int extraPermissions(BlockExportOptions options) {
        return 0;
    }

    /**
     * Starts an export. When this throws, nothing of it is left, except that the backend is the caller's to close.
     *
     * @throws QapiException with the client's message
     */
    @MainThread
    BlockExport create(BlockExportSetup setup, BlockExportOptions options);
}

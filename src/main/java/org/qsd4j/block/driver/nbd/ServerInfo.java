package org.qsd4j.block.driver.nbd;

import org.qsd4j.aio.Immutable;
import org.qsd4j.nbd.wire.Nbd;

/**
 * What the handshake has settled.
 *
 * @param size the export's, in bytes
 * @param flags NBD_FLAG_… of the transmission phase
 * @param minimumBlock what requests have to be multiples of, in bytes; a power of two
 * @param preferredBlock in bytes, or 0
 * @param maximumBlock the longest read or write, in bytes
 * @param contextId of the one meta context that was granted, or -1
 */
@Immutable
record ServerInfo(
        long size,
        int flags,
        int minimumBlock,
        int preferredBlock,
        int maximumBlock,
        boolean structured,
        boolean extended,
        int contextId) {
    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    boolean isReadOnly() {
        return has(Nbd.NBD_FLAG_READ_ONLY);
    }
}

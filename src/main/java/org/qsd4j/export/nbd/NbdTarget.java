package org.qsd4j.export.nbd;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.DirtyBitmap;
import org.qsd4j.nbd.wire.Nbd;

/**
 * What a client sees of an export: everything that the handshake tells and that requests are checked against. Fixed
 * while the export lives, except for the clients that use it.
 */
@ThreadSafe
final class NbdTarget {
    /** Whoever must not go away while a client is there. Any thread. */
    interface Owner {
        void ref();

        void unref();
    }

    /** With the two other contexts their ids fit in a word. */
    static final int MAX_BITMAPS = 62;

    private static final int PREFERRED_BLOCK = 4096;

    final String name;
    final @Nullable String description;
    final BlockBackend backend;
    final boolean writable;
    final boolean allocationDepth;

    /** In the order of their contexts' ids; {@link #MAX_BITMAPS} at most. */
    final List<DirtyBitmap> bitmaps;

    /** Bytes, a multiple of 512; it doesn't follow a node that is resized. */
    final long size;

    private final boolean multiConn;
    private final Owner owner;
    private final Set<NbdConnection> clients = new HashSet<>();
    private boolean closing;

    NbdTarget(
            String name,
            @Nullable String description,
            BlockBackend backend,
            boolean writable,
            boolean allocationDepth,
            List<DirtyBitmap> bitmaps,
            boolean multiConn,
            Owner owner) {
        this.name = name;
        this.description = description;
        this.backend = backend;
        this.writable = writable;
        this.allocationDepth = allocationDepth;
        this.bitmaps = bitmaps;
        this.multiConn = multiConn;
        this.owner = owner;
        this.size = backend.length();
    }

    /** NBD_FLAG_… of the transmission phase, without those that depend on what the client has negotiated. */
    int transmissionFlags() {
        int flags = Nbd.NBD_FLAG_HAS_FLAGS | Nbd.NBD_FLAG_SEND_FLUSH | Nbd.NBD_FLAG_SEND_FUA | Nbd.NBD_FLAG_SEND_CACHE;
        flags |= writable
                ? Nbd.NBD_FLAG_SEND_TRIM | Nbd.NBD_FLAG_SEND_WRITE_ZEROES | Nbd.NBD_FLAG_SEND_FAST_ZERO
                : Nbd.NBD_FLAG_READ_ONLY;
        return multiConn ? flags | Nbd.NBD_FLAG_CAN_MULTI_CONN : flags;
    }

    int minimumBlock() {
        return backend.node().limits().requestAlignment;
    }

    int preferredBlock() {
        return Math.max(PREFERRED_BLOCK, minimumBlock());
    }

    int maximumBlock() {
        int limit = backend.node().limits().maxTransfer;
        return limit == 0 ? Nbd.NBD_MAX_BUFFER_SIZE : Math.min(limit, Nbd.NBD_MAX_BUFFER_SIZE);
    }

    /** Counts the client in, so that the export stays until {@link #detach}; false if the export is going away. */
    synchronized boolean attach(NbdConnection client) {
        if (closing) {
            return false;
        }
        owner.ref();
        clients.add(client);
        return true;
    }

    void detach(NbdConnection client) {
        synchronized (this) {
            clients.remove(client);
        }
        owner.unref();
    }

    /** No new clients from now on; those that are there are cut off. */
    synchronized void disconnectClients() {
        closing = true;
        clients.forEach(NbdConnection::shutdown);
    }
}

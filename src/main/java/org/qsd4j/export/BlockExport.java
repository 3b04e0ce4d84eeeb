package org.qsd4j.export;

import java.util.concurrent.atomic.AtomicInteger;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.qapi.gen.BlockExportInfo;
import org.qsd4j.qapi.gen.BlockExportType;

/**
 * A node that other programs use. QEMU: {@code BlockExport}.
 *
 * <p>It lives as long as it has references: the user's, which {@code block-export-del} takes away, and one for whatever
 * still runs on its behalf (a client, a queue's thread). The last one to go deletes it, on the main loop.
 */
public abstract class BlockExport {
    private final BlockExports exports;
    private final BlockExportType type;
    private final String id;
    private final String nodeName;
    private final BlockBackend blk;

    /** Written by whoever holds or takes a reference; any thread. */
    private final AtomicInteger references = new AtomicInteger(1);

    /** The user still holds a reference. Main loop only. */
    private boolean userOwned = true;

    protected BlockExport(BlockExportType type, BlockExportSetup setup) {
        this.type = type;
        this.exports = setup.exports();
        this.id = setup.id();
        this.nodeName = setup.nodeName();
        this.blk = setup.blk();
    }

    public final String id() {
        return id;
    }

    public final BlockExportType type() {
        return type;
    }

    public final BlockBackend blk() {
        return blk;
    }

    /** Takes a reference. The caller makes sure that the export still has one. */
    @ThreadSafe
    public final void ref() {
        int before = references.getAndIncrement();
        assert before > 0 : "export is already gone";
    }

    /** Gives a reference up; the last one has the export deleted on the main loop. */
    @ThreadSafe
    public final void unref() {
        if (references.decrementAndGet() == 0) {
            exports.lastReferenceGone(this);
        }
    }

    /** Whether somebody uses it, so that a safe deletion is refused. */
    @ThreadSafe
    protected boolean isInUse() {
        return references.get() > 1;
    }

    /** What {@code query-block-exports} says. */
    @MainThread
    final BlockExportInfo info() {
        return new BlockExportInfo(id, type, nodeName, !userOwned);
    }

    @MainThread
    final boolean isShuttingDown() {
        return !userOwned;
    }

    /** Takes the user's reference away and asks clients to leave. Once is enough, more is harmless. */
    @MainThread
    final void shutDown() {
        if (userOwned) {
            userOwned = false;
            blk.expedite();
            requestShutdown();
            unref();
        }
    }

    /** Starts the end: no new clients, those there are disconnected. Doesn't wait; what goes on holds references. */
    @MainThread
    protected abstract void requestShutdown();

    /** Gives up everything but {@link #blk()}: nothing runs on the export's behalf any more. */
    @MainThread
    protected abstract void delete();
}

package org.qsd4j.export.fuse;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.EventFd;
import org.qsd4j.sys.IoUring;
import org.qsd4j.sys.Processors;
import org.qsd4j.sys.SysException;

/**
 * The threads of one export that serve it over io_uring. The kernel has a queue for every processor and holds all requests
 * back until each of them has an entry, or until it has refused one; so everything that can fail here is done before the
 * kernel hears of it.
 */
final class FuseRings {
    /** Requests of one processor that can be with us at the same time; more wait in the kernel. */
    private static final int DEPTH = 16;

    /** With more processors than this, a thread serves several of them. */
    private static final int MAX_THREADS = 16;

    private final FuseExport export;
    private final FuseRing[] rings;
    private final FuseRingWorkers workers;

    /** Opened once. */
    private final CountDownLatch gate = new CountDownLatch(1);

    /** Written before the gate opens. */
    private volatile boolean abandoned;

    private FuseRings(FuseExport export, int threads) {
        this.export = export;
        this.rings = new FuseRing[threads];
        this.workers = new FuseRingWorkers(export);
    }

    /**
     * Gets everything ready.
     *
     * @param fuseFd any descriptor of the connection
     * @param settings of the user's iothreads, a thread for each; of all threads if there is just one
     * @return null if it can't be had; the export has heard why
     */
    static @Nullable FuseRings prepare(FuseExport export, int fuseFd, List<IoThread> settings, int payloadBytes) {
        int processors = Processors.possible();
        if (processors == 0) {
            return null;
        }
        int threads = Math.min(processors, settings.size() > 1 ? settings.size() : MAX_THREADS);
        FuseRings all = new FuseRings(export, threads);
        int made = 0;
        try {
            for (; made < threads; made++) {
                IoThread setting = settings.get(made % settings.size());
                all.rings[made] = all.newRing(fuseFd, setting, made, processors, payloadBytes);
            }
        } catch (SysException | OutOfMemoryError e) {
            for (int i = 0; i < made; i++) {
                all.rings[i].discard();
                all.rings[i].close();
            }
            export.ioUringUnavailable(e instanceof SysException failure ? failure.text() : "out of memory");
            return null;
        }
        if (!all.startThreads()) {
            export.ioUringUnavailable(new SysException(Errno.EAGAIN, "clone").text());
            return null;
        }
        return all;
    }

    private FuseRing newRing(int fuseFd, IoThread settings, int first, int processors, int payloadBytes)
            throws SysException {
        List<FuseRingEntry> entries = new ArrayList<>();
        EventFd done = null;
        try {
            done = EventFd.create();
            for (int processor = first; processor < processors; processor += rings.length) {
                for (int i = 0; i < DEPTH; i++) {
                    entries.add(new FuseRingEntry(entries.size(), processor, payloadBytes));
                }
            }
            IoUring ring = IoUring.create(entries.size() + FuseRing.EXTRA_OPERATIONS, fuseFd);
            return new FuseRing(export, this, ring, entries.toArray(FuseRingEntry[]::new), done, settings);
        } catch (SysException | OutOfMemoryError e) {
            entries.forEach(FuseRingEntry::unmap);
            if (done != null) {
                done.close();
            }
            throw e;
        }
    }

    private boolean startThreads() {
        for (int i = 0; i < rings.length; i++) {
            if (!export.startThread(rings[i], "ring " + i)) {
                abandoned = true;
                gate.countDown();
                for (int j = i; j < rings.length; j++) {
                    rings[j].discard();
                }
                close();
                return false;
            }
        }
        return true;
    }

    /** A ring's thread waits here until the kernel knows of the rings; false if it won't. */
    boolean awaitStart() {
        try {
            gate.await();
            return !abandoned;
        } catch (InterruptedException e) {
            return false;
        }
    }

    /** The kernel knows, and waits for the entries. */
    void start() {
        gate.countDown();
    }

    /** The kernel will not hear of them. */
    void abandon() {
        abandoned = true;
        gate.countDown();
    }

    FuseRingWorkers workers() {
        return workers;
    }

    /** No thread of theirs runs any more. */
    void close() {
        for (FuseRing ring : rings) {
            ring.close();
        }
    }

    @ThreadSafe
    int inFlight() {
        int busy = workers.inFlight();
        for (FuseRing ring : rings) {
            busy += ring.isBusy() ? 1 : 0;
        }
        return busy;
    }
}

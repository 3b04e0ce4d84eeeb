package org.qsd4j.export.fuse;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.export.BlockExport;
import org.qsd4j.export.BlockExportSetup;
import org.qsd4j.qapi.gen.BlockExportType;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.EventFd;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.Poller;
import org.qsd4j.sys.SysException;

/**
 * A node mounted as a regular file. QEMU: {@code FuseExport}.
 *
 * <p>Its queues' threads hold a reference each. A queue ends when the export stops, when the mount is gone, or after an
 * error that leaves the device's stream in doubt ({@link #halt}).
 */
public final class FuseExport extends BlockExport {
    /** A queue's stack is a few frames deep. */
    private static final long STACK_BYTES = 256 << 10;

    private final FuseExportDriver driver;
    private final String mountpoint;
    private final boolean writable;
    private final boolean growable;
    private final boolean allowOther;
    private final FuseMount mount;
    private final FuseSpace space;
    private final FuseAttributes attributes;
    private final List<FuseQueue> queues = new ArrayList<>();
    private final EventFd stop;

    /** Nothing more is read. Written by the main loop or by a queue that has found the stream broken; read by all. */
    private volatile boolean halted;

    /** Queues with a thread; written by the main loop and by each thread that ends. */
    private final AtomicInteger liveQueues = new AtomicInteger();

    private final AtomicBoolean internalErrorReported = new AtomicBoolean();

    /**
     * Takes the mount over.
     *
     * @param mountpoint as {@link FuseExportDriver} keeps it
     */
    FuseExport(
            FuseExportDriver driver,
            BlockExportSetup setup,
            FuseMount mount,
            String mountpoint,
            boolean growable,
            boolean allowOther)
            throws SysException {
        super(BlockExportType.FUSE, setup);
        this.driver = driver;
        this.mount = mount;
        this.mountpoint = mountpoint;
        this.writable = setup.writable();
        this.growable = growable;
        this.allowOther = allowOther;
        this.stop = EventFd.create();
        this.space = new FuseSpace(blk(), writable);
        this.attributes = new FuseAttributes(this, space);
        blk().setAllowWriteBeyondEof(true); // the last sector of a file of odd length
    }

    boolean writable() {
        return writable;
    }

    boolean growable() {
        return growable;
    }

    boolean allowOther() {
        return allowOther;
    }

    FuseSpace space() {
        return space;
    }

    FuseAttributes attributes() {
        return attributes;
    }

    /** Adds a queue for the descriptor, which is the queue's from now on. */
    @MainThread
    void addQueue(int fuseFd, IoThread settings) throws SysException {
        Poller poller;
        try {
            poller = Poller.create();
        } catch (SysException e) {
            Libc.close(fuseFd);
            throw e;
        }
        try {
            poller.add(fuseFd, true);
            poller.add(stop.fd(), false);
            queues.add(new FuseQueue(this, fuseFd, poller, settings));
        } catch (SysException e) {
            poller.close();
            Libc.close(fuseFd);
            throw e;
        }
    }

    /** Starts the queues' threads: the first one, or nothing is started; others only if the system has threads left. */
    @MainThread
    void start() throws SysException {
        for (int i = 0; i < queues.size(); i++) {
            Thread thread = new Thread(null, queues.get(i), "fuse " + id() + " " + i, STACK_BYTES);
            thread.setDaemon(true);
            ref();
            liveQueues.incrementAndGet();
            try {
                thread.start();
            } catch (OutOfMemoryError e) {
                liveQueues.decrementAndGet();
                unref();
                if (i == 0) {
                    throw new SysException(Errno.EAGAIN, "clone");
                }
                queues.get(i).discard();
            }
        }
    }

    /** Requests taken and not answered. */
    @ThreadSafe
    int inFlight() {
        int busy = 0;
        for (FuseQueue queue : queues) {
            busy += queue.isBusy() ? 1 : 0;
        }
        return busy;
    }

    @Override
    protected boolean isInUse() {
        return inFlight() > 0;
    }

    @ThreadSafe
    boolean isStopping() {
        return halted;
    }

    /**
     * After an error that leaves what the device sends next in doubt: no queue reads any more.
     *
     * @return -errno, for the request at hand
     */
    @ThreadSafe
    int halt(int errno, String why) {
        if (!halted) {
            report(why);
        }
        stopQueues();
        return -errno;
    }

    private void stopQueues() {
        halted = true;
        stop.set();
    }

    @ThreadSafe
    void report(String line) {
        driver.report(line);
    }

    /** A bug: the first one is told. */
    @ThreadSafe
    void internalError(Throwable t) {
        if (internalErrorReported.compareAndSet(false, true)) {
            driver.report("Internal error in FUSE export '" + id() + "': " + t);
        }
    }

    /** A queue's thread has closed its descriptor and ends. */
    @ThreadSafe
    void queueEnded() {
        if (liveQueues.decrementAndGet() == 0 && !halted) {
            driver.unmounted(id());
        }
        unref();
    }

    /** Unmounts first: the pages that programs have written through mmap come back in this moment. */
    @Override
    protected void requestShutdown() {
        mount.unmount();
        stopQueues();
    }

    @Override
    protected void delete() {
        stop.close();
        driver.forget(mountpoint);
    }

    /** Undoes a start that failed half-way: no queue's thread runs. The driver forgets the mountpoint. */
    @MainThread
    void abandon() {
        mount.unmount();
        queues.forEach(FuseQueue::discard);
        stop.close();
    }
}

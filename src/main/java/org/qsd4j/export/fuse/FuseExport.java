package org.qsd4j.export.fuse;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.export.BlockExport;
import org.qsd4j.export.BlockExportSetup;
import org.qsd4j.qapi.QapiException;
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
    /** A request goes down a chain of backing files, a few frames for each; only what is touched takes memory. */
    private static final long STACK_BYTES = 4 << 20;

    /** With more threads than this, requests that never wait would only be in each other's way. */
    private static final int BUSY_QUEUES =
            Math.min(4, Math.max(2, Runtime.getRuntime().availableProcessors()));

    /** So many requests may wait for a disk at the same time. */
    private static final int MAX_QUEUES = 16;

    /** Rings take a thread for every processor; where nobody asks for them, exports in great numbers do without. */
    static final int MAX_AUTO_RINGS = 32;

    /** After a helper couldn't be had. */
    private static final long HELPER_PAUSE_NANOS = 1_000_000_000L;

    private final FuseExportDriver driver;
    private final String mountpoint;
    private final boolean writable;
    private final boolean growable;
    private final boolean allowOther;
    private final FuseMount mount;
    private final FuseSpace space;
    private final FuseAttributes attributes;
    private final FusePassthrough passthrough;

    /** The leader first, then its helpers. A new array for every change, under {@link #helpers}. */
    private volatile FuseQueue[] queues = {};

    /** Held while a helper comes or goes. */
    private final Object helpers = new Object();

    /** Helpers come and go by themselves; false if the user has chosen the threads. */
    private final boolean elastic;

    /** What all queues of an elastic export go by. */
    private final IoThread settings;

    /** A System.nanoTime; guarded by {@link #helpers}. */
    private long noHelperBefore = Long.MIN_VALUE;

    /** Null while requests come over the device only. Written by the leader, read by all. */
    private volatile @Nullable FuseRings rings;

    private final FuseTuning tuning;
    private final List<IoThread> ringSettings;

    private final EventFd stop;

    /** Nothing more is read. Written by the main loop or by a queue that has found the stream broken; read by all. */
    private volatile boolean halted;

    /** We unmount it ourselves. Written by the main loop, read by queues that see the mount go. */
    private volatile boolean shuttingDown;

    private final AtomicBoolean ringTroubleReported = new AtomicBoolean();
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
            boolean allowOther,
            FuseTuning tuning)
            throws SysException {
        super(BlockExportType.FUSE, setup);
        this.driver = driver;
        this.mount = mount;
        this.mountpoint = mountpoint;
        this.writable = setup.writable();
        this.growable = growable;
        this.allowOther = allowOther;
        this.tuning = tuning;
        this.elastic = setup.ioThreads().isEmpty();
        this.settings = elastic ? new IoThread(id()) : setup.ioThreads().get(0);
        this.ringSettings = elastic ? List.of(settings) : setup.ioThreads();
        this.stop = EventFd.create();
        this.space = new FuseSpace(blk(), writable);
        this.attributes = new FuseAttributes(this, space);
        this.passthrough = new FusePassthrough(blk(), writable || growable ? FuseSwitch.OFF : tuning.passthrough());
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

    /** Of a READ or WRITE. */
    int maxBytes() {
        return tuning.maxBytes();
    }

    FuseSpace space() {
        return space;
    }

    FusePassthrough passthrough() {
        return passthrough;
    }

    FuseAttributes attributes() {
        return attributes;
    }

    /**
     * Opens the queues: one a mention of an iothread, or a leader whose helpers come and go.
     *
     * @throws QapiException if there are not enough descriptors
     */
    @MainThread
    void openQueues(List<IoThread> threads) throws SysException {
        add(newQueue(mount.fd(), settings, FuseQueue.Role.LEADER));
        for (int i = 1; i < threads.size(); i++) {
            IoThread thread = threads.get(i);
            add(newQueue(mount.cloneFd(), thread, FuseQueue.Role.HELPER));
        }
    }

    private void add(FuseQueue queue) {
        synchronized (helpers) {
            FuseQueue[] more = Arrays.copyOf(queues, queues.length + 1);
            more[more.length - 1] = queue;
            queues = more;
        }
    }

    private void remove(FuseQueue queue) {
        synchronized (helpers) {
            queues = Stream.of(queues).filter(other -> other != queue).toArray(FuseQueue[]::new);
        }
    }

    /** The descriptor is the queue's from now on, and closed if there can't be one. */
    private FuseQueue newQueue(int fuseFd, IoThread pollSettings, FuseQueue.Role role) throws SysException {
        Poller poller = null;
        try {
            poller = Poller.create();
            poller.add(fuseFd, true);
            poller.add(stop.fd(), false);
            return new FuseQueue(this, fuseFd, poller, pollSettings, role);
        } catch (SysException | OutOfMemoryError e) {
            if (poller != null) {
                poller.close();
            }
            Libc.close(fuseFd);
            throw e instanceof SysException failure ? failure : new SysException(Errno.ENOMEM, "mmap");
        }
    }

    /** Starts the queues' threads: the leader's, or none; others only if the system has threads left. */
    @MainThread
    void start() throws SysException {
        FuseQueue[] all = queues;
        for (int i = 0; i < all.length; i++) {
            if (startThread(all[i], Integer.toString(i))) {
                continue;
            }
            if (i == 0) {
                throw new SysException(Errno.EAGAIN, "clone");
            }
            remove(all[i]);
            all[i].discard();
        }
    }

    /** Runs something that ends with {@link #threadEnded} or {@link #queueEnded}; false if there are no more threads. */
    boolean startThread(Runnable task, String name) {
        ref();
        try {
            Thread thread = new Thread(null, task, "fuse " + id() + " " + name, STACK_BYTES);
            thread.setDaemon(true);
            thread.start();
            return true;
        } catch (OutOfMemoryError e) {
            unref();
            return false;
        }
    }

    /**
     * A queue can't keep up, so another one should help. There are as many as processors, unless they wait for a disk.
     *
     * @param waited it was a request that had to wait
     */
    @ThreadSafe
    void callHelper(boolean waited) {
        int limit = waited ? MAX_QUEUES : BUSY_QUEUES;
        int active = 0;
        FuseQueue benched = null;
        for (FuseQueue queue : queues) {
            if (queue.isBenched()) {
                benched = queue;
            } else {
                active++;
            }
        }
        if (active >= limit) {
            return;
        }
        if (benched != null) {
            benched.callUp();
        } else if (elastic) {
            addHelper(limit);
        }
    }

    /** The one step on a queue's way that allocates. Without descriptors or threads left, things go on as they are. */
    private void addHelper(int limit) {
        synchronized (helpers) {
            if (halted || queues.length >= limit || System.nanoTime() < noHelperBefore) {
                return;
            }
            try {
                FuseQueue queue = newQueue(mount.cloneFd(), settings, FuseQueue.Role.PASSING_HELPER);
                add(queue);
                if (startThread(queue, Integer.toString(queues.length - 1))) {
                    return;
                }
                remove(queue);
                queue.discard();
            } catch (QapiException | SysException e) {
                // Descriptors are scarce; later perhaps.
            }
            noHelperBefore = System.nanoTime() + HELPER_PAUSE_NANOS;
        }
    }

    /**
     * Gets ready for requests over io_uring, if that is wanted.
     *
     * @param offered the kernel has it
     * @return whether the kernel may be told so
     */
    boolean prepareRings(boolean offered) {
        if (tuning.ioUring() == FuseSwitch.OFF) {
            return false;
        }
        if (!offered) {
            ioUringUnavailable("the kernel does not offer it (see /sys/module/fuse/parameters/enable_uring)");
            return false;
        }
        if (tuning.ioUring() == FuseSwitch.AUTO && driver.exportsWithRings() >= MAX_AUTO_RINGS) {
            return false;
        }
        rings = FuseRings.prepare(this, mount.fd(), ringSettings, tuning.ringPayloadBytes());
        if (rings == null) {
            return false;
        }
        driver.countRings(1);
        return true;
    }

    /**
     * The reply to INIT is sent.
     *
     * @param going false if the kernel didn't take it
     */
    void initialised(boolean going) {
        registerPassthrough(going);
        FuseRings prepared = rings;
        if (prepared != null) {
            if (going) {
                prepared.start();
            } else {
                prepared.abandon();
            }
        }
    }

    /** Before the first OPEN can come, except from programs that were quicker than the mount, which ours still serves. */
    private void registerPassthrough(boolean going) {
        if (!going || !passthrough.isPossible()) {
            return;
        }
        int result = passthrough.register(mount.fd());
        if (result < 0 && tuning.passthrough() == FuseSwitch.ON) {
            report("FUSE export '" + id() + "' has no passthrough: " + Errno.message(-result));
        }
    }

    /** Only who asked for it has to know: the device serves as well. */
    @ThreadSafe
    void ioUringUnavailable(String why) {
        if (tuning.ioUring() == FuseSwitch.ON) {
            report("FUSE export '" + id() + "' is served over /dev/fuse, not io_uring: " + why);
        }
    }

    /** The kernel has given an entry back: at the end, or because it doesn't take it. */
    @ThreadSafe
    void ringEntryLost(int errno) {
        boolean ended = errno == Errno.ENOTCONN
                || errno == Errno.ECONNABORTED
                || errno == Errno.ECANCELED
                || errno == Errno.ENODEV;
        if (!ended && !isStopping() && ringTroubleReported.compareAndSet(false, true)) {
            report("FUSE export '" + id() + "': io_uring: " + Errno.message(errno));
        }
    }

    @ThreadSafe
    void threadEnded() {
        unref();
    }

    int stopFd() {
        return stop.fd();
    }

    /** Requests taken and not answered. */
    @ThreadSafe
    int inFlight() {
        FuseRings overRings = rings;
        int busy = overRings == null ? 0 : overRings.inFlight();
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

    /** Unmounted, by hand as it may be: nothing will come any more. */
    @ThreadSafe
    void connectionLost() {
        boolean first;
        synchronized (helpers) {
            first = !halted && !shuttingDown;
            halted = true;
        }
        stopQueues();
        if (first) {
            driver.unmounted(id());
        }
    }

    private void stopQueues() {
        synchronized (helpers) {
            halted = true;
            stop.set();
        }
        for (FuseQueue queue : queues) {
            queue.wake();
        }
        FuseRings overRings = rings;
        if (overRings != null) {
            overRings.workers().wake();
        }
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
    void queueEnded(FuseQueue queue) {
        remove(queue);
        unref();
    }

    /** Unmounts first: the pages that programs have written through mmap come back in this moment. */
    @Override
    protected void requestShutdown() {
        shuttingDown = true;
        if (rings == null || !startThread(this::unmountOnItsOwn, "unmount")) {
            mount.unmount();
            stopQueues();
        }
    }

    /** With rings the kernel's unmount waits for their threads, which may wait for a disk; the main loop does not. */
    private void unmountOnItsOwn() {
        try {
            mount.unmountAndAbort();
            stopQueues();
        } finally {
            unref();
        }
    }

    @Override
    protected void delete() {
        stop.close();
        FuseRings overRings = rings;
        if (overRings != null) {
            overRings.close();
            driver.countRings(-1);
        }
        driver.forget(mountpoint);
    }

    /** Undoes a start that failed half-way: no queue's thread runs. The driver forgets the mountpoint. */
    @MainThread
    void abandon() {
        mount.unmount();
        for (FuseQueue queue : queues) {
            queue.discard();
        }
        stop.close();
    }
}

package org.qsd4j.export.fuse;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.IoThreadConfined;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.EventFd;
import org.qsd4j.sys.IoUring;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.sys.SysException;

/**
 * A thread that serves the requests of one or more processors over io_uring: the kernel puts them into {@link
 * FuseRingEntry entries}, and one system call replies to a number of them and fetches the next ones.
 */
@IoThreadConfined
final class FuseRing implements FuseTransport {
    /** Replies that are held back for one system call, while more requests are at hand. */
    private static final int BATCH = 4;

    /** After a request that had to wait so many go to workers before this thread tries one itself again. */
    private static final int SLOW_ROW = 16;

    private static final long IDLE_SECONDS = 10;

    /** Completions that are not an entry's, whose are its index. */
    private static final long STOP = -1;

    private static final long ALARM = -2;
    private static final long DONE = -3;

    /** Operations under way beside the entries': those three. */
    static final int EXTRA_OPERATIONS = 3;

    private final FuseExport export;
    private final FuseRings rings;
    private final IoUring ring;
    private final FuseRingEntry[] entries;
    private final AdaptiveSpin spin;
    private final FuseDispatch dispatch;
    private final DiskWaits waits = new DiskWaits();

    /** Entries that the kernel has, or whose request we have. */
    private int live;

    /** What workers have done, the last first; they push, this thread takes all. */
    private final AtomicReference<@Nullable FuseRingEntry> done = new AtomicReference<>();

    /** Set by workers, for this thread. */
    private final EventFd doneEvent;

    /** Requests with workers. */
    private int outstanding;

    /** Requests that still go to workers. */
    private int slowRow;

    /** Entries have grown big pages. */
    private boolean dirty;

    private boolean alarmed;
    private boolean servedSinceAlarm;

    /** Takes the ring and the entries over. */
    FuseRing(
            FuseExport export,
            FuseRings rings,
            IoUring ring,
            FuseRingEntry[] entries,
            EventFd doneEvent,
            IoThread settings) {
        this.export = export;
        this.rings = rings;
        this.ring = ring;
        this.entries = entries;
        this.doneEvent = doneEvent;
        for (FuseRingEntry entry : entries) {
            entry.belongTo(this);
        }
        this.spin = new AdaptiveSpin(settings);
        this.dispatch = new FuseDispatch(export);
    }

    @Override
    @ThreadSafe
    public boolean isBusy() {
        return dispatch.isBusy();
    }

    /** Its ring looks at the stop event itself. */
    @Override
    @ThreadSafe
    public void wake() {}

    @Override
    public void run() {
        try {
            ring.enable();
            if (rings.awaitStart()) {
                work();
            }
        } catch (SysException e) {
            export.halt(0, "FUSE over io_uring: " + e.text());
        } finally {
            discard();
            export.threadEnded();
        }
    }

    private void work() {
        ring.pollOnce(export.stopFd(), STOP);
        ring.awaitEvent(doneEvent, DONE);
        for (FuseRingEntry entry : entries) {
            entry.register(ring);
        }
        live = entries.length;
        while (outstanding > 0 || (live > 0 && !export.isStopping())) {
            await();
            serveArrived();
            if (outstanding > 0) {
                replyDone();
            }
        }
        ring.enter(0); // the last replies
    }

    @Override
    public void discard() {
        ring.close();
        for (FuseRingEntry entry : entries) {
            entry.unmap();
        }
    }

    /** Gives up what workers use as well. */
    void close() {
        doneEvent.close();
    }

    /** A worker has answered a request. */
    @ThreadSafe
    void done(FuseRingEntry entry) {
        FuseRingEntry first;
        do {
            first = done.get();
            entry.next = first;
        } while (!done.compareAndSet(first, entry));
        doneEvent.set();
    }

    /** Sends what is prepared, and sleeps if nothing is there yet. */
    private void await() {
        if (!enter(0) || ring.hasCompletion()) {
            return;
        }
        long start = System.nanoTime();
        long spinNanos = spin.nanos();
        long waited = 0;
        while (waited < spinNanos) {
            Thread.onSpinWait();
            waited = System.nanoTime() - start;
            if (ring.hasWork()) {
                spin.waited(waited);
                enter(0);
                return;
            }
        }
        if (dirty && !alarmed) {
            alarmed = true;
            servedSinceAlarm = false;
            ring.alarm(IDLE_SECONDS, ALARM);
        }
        waits.sleeping();
        enter(1);
        spin.waited(System.nanoTime() - start);
    }

    /** False if there is nothing to go on with. */
    private boolean enter(int minComplete) {
        int result = ring.enter(minComplete);
        switch (-result) {
            case 0 -> {
                return true;
            }
            case Errno.EINTR, Errno.EAGAIN, Errno.EBUSY, Errno.ETIME -> {
                return false;
            }
            default -> {
                export.halt(0, "FUSE over io_uring: io_uring_enter: " + Errno.message(-result));
                LockSupport.parkNanos(1_000_000); // workers may have to end first
                return false;
            }
        }
    }

    private void serveArrived() {
        while (ring.hasCompletion()) {
            long userData = ring.userData();
            int result = ring.result();
            ring.advance();
            if (userData >= 0) {
                serve(entries[(int) userData], result);
            } else if (userData == DONE) {
                ring.awaitEvent(doneEvent, DONE);
            } else if (userData == ALARM) {
                alarm();
            }
        }
    }

    private void serve(FuseRingEntry entry, int result) {
        if (result < 0) {
            live--;
            export.ringEntryLost(-result);
            return;
        }
        entry.arrived();
        servedSinceAlarm = true;
        if (slowRow > 0 && rings.workers().offer(entry)) {
            outstanding++;
            return;
        }
        long start = System.nanoTime();
        int reply = dispatch.handle(entry.request);
        long now = System.nanoTime();
        reply(entry, reply, waits.hasWaited(now - start, now));
    }

    private void replyDone() {
        FuseRingEntry entry = done.getAndSet(null);
        while (entry != null) {
            FuseRingEntry next = entry.next;
            outstanding--;
            reply(entry, entry.result, entry.waited);
            entry = next;
        }
    }

    private void reply(FuseRingEntry entry, int reply, boolean waited) {
        slowRow = waited ? SLOW_ROW : Math.max(0, slowRow - 1);
        dirty |= reply > NativeBuffer.ALIGNMENT || entry.request.payloadBytes > NativeBuffer.ALIGNMENT;
        entry.commit(ring, reply == FuseRequest.NO_REPLY ? 0 : reply);
        if (ring.prepared() >= BATCH) {
            enter(0);
        }
    }

    /** Nothing has come for a while: the kernel has all entries. */
    private void alarm() {
        alarmed = false;
        if (!servedSinceAlarm && outstanding == 0) {
            for (FuseRingEntry entry : entries) {
                entry.releasePages();
            }
            dirty = false;
        }
    }
}

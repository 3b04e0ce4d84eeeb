package org.qsd4j.export.nbd;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads of one connection for requests that would keep its reader waiting. They start when they are needed and end when
 * nothing has come for a while. There are as many as slots beside the reader's, so a request never waits for a thread.
 *
 * <p>The last one that became idle gets the next request: its memory is warm. Lists are intrusive and threads are parked,
 * so that nothing is allocated from request to request.
 */
final class RequestWorkers {
    /** With the reader's own, the 16 requests that a connection has in flight at most. */
    static final int LIMIT = 15;

    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final String name;
    private final RequestExecutor executor;
    private final ServiceTimes times;
    private final BufferPool pool;
    private final Thread reader = Thread.currentThread();

    private @Nullable Worker idle;
    private @Nullable RequestSlot free;
    private int slots = 1;
    private int threads;
    private boolean stopping;

    /** Made by the reader's thread. */
    RequestWorkers(String name, RequestExecutor executor, ServiceTimes times, BufferPool pool) {
        this.name = name;
        this.executor = executor;
        this.times = times;
        this.pool = pool;
    }

    private final class Worker implements Runnable {
        final Thread thread = new Thread(this, name);

        /** Written under the lock, by the reader when this one is idle, by this one when it is done. */
        @Nullable
        RequestSlot slot;

        @Nullable
        Worker next;

        @Override
        public void run() {
            RequestSlot mine = await(this);
            while (mine != null) {
                executor.execute(mine);
                times.record(mine);
                done(this, mine);
                mine = await(this);
            }
        }
    }

    /** Hands the reader's slot to a worker, and gives the reader another as soon as one is free. */
    RequestSlot exchange(RequestSlot slot) {
        slot.handedOff = true;
        synchronized (this) {
            Worker worker = idle;
            if (worker == null) {
                threads++;
                worker = new Worker();
                worker.slot = slot;
                worker.thread.setDaemon(true);
                worker.thread.start();
            } else {
                idle = worker.next;
                worker.slot = slot;
                LockSupport.unpark(worker.thread);
            }
        }
        return takeFree();
    }

    private RequestSlot takeFree() {
        while (true) {
            synchronized (this) {
                RequestSlot slot = free;
                if (slot != null) {
                    free = slot.next;
                    slot.handedOff = false;
                    return slot;
                }
                if (slots <= LIMIT) {
                    slots++;
                    return new RequestSlot(pool);
                }
            }
            LockSupport.park(this);
        }
    }

    private synchronized void done(Worker worker, RequestSlot slot) {
        worker.slot = null;
        worker.next = idle;
        idle = worker;
        slot.next = free;
        free = slot;
        LockSupport.unpark(reader);
    }

    /** The worker's next request, or null when it has to end. */
    private @Nullable RequestSlot await(Worker worker) {
        long deadline = System.nanoTime() + IDLE_NANOS;
        while (true) {
            synchronized (this) {
                if (worker.slot != null) {
                    return worker.slot;
                }
                if (stopping || System.nanoTime() - deadline >= 0) {
                    leave(worker);
                    return null;
                }
            }
            LockSupport.parkNanos(this, IDLE_NANOS);
        }
    }

    private void leave(Worker worker) {
        if (idle == worker) {
            idle = worker.next;
        } else {
            for (Worker w = idle; w != null; w = w.next) {
                if (w.next == worker) {
                    w.next = worker.next;
                }
            }
        }
        threads--;
        LockSupport.unpark(reader);
    }

    /** Waits for the requests in flight, ends the threads and gives the buffers back. The reader's last call. */
    void stop() {
        synchronized (this) {
            stopping = true;
            for (Worker w = idle; w != null; w = w.next) {
                LockSupport.unpark(w.thread);
            }
        }
        while (true) {
            synchronized (this) {
                if (threads == 0) {
                    break;
                }
            }
            LockSupport.park(this);
        }
        for (RequestSlot slot = free; slot != null; slot = slot.next) {
            slot.releaseBuffer();
        }
    }
}

package org.qsd4j.qom.throttle;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;

/** A node's part in its group. QEMU: {@code ThrottleGroupMember}. */
public final class ThrottleMember {
    private final ThrottleGroup group;

    /** Requests that wait, a queue for each direction: reads, writes. Guarded by the group. */
    private final ArrayDeque<ThrottleWait> reads = new ArrayDeque<>();

    private final ArrayDeque<ThrottleWait> writes = new ArrayDeque<>();

    /** How many drains want requests to pass. Written by the main loop, read by every request. */
    private final AtomicInteger limitsDisabled = new AtomicInteger();

    ThrottleMember(ThrottleGroup group) {
        this.group = group;
    }

    /** Returns when a request may go ahead; the thread sleeps until then. Of one direction, first come, first served. */
    @ThreadSafe
    public void await(boolean write, long bytes) {
        if (group.limitsAnything()) {
            group.await(this, write, bytes);
        }
    }

    /** Requests pass from now on, those that wait too. Nests. */
    @MainThread
    public void disableLimits() {
        limitsDisabled.incrementAndGet();
        group.releaseAll(this);
    }

    @MainThread
    public void enableLimits() {
        limitsDisabled.decrementAndGet();
    }

    /** Nobody waits and nobody will. */
    @MainThread
    public void leave() {
        group.remove(this);
    }

    boolean isUnlimited() {
        return limitsDisabled.get() != 0;
    }

    ArrayDeque<ThrottleWait> waiting(boolean write) {
        return write ? writes : reads;
    }
}

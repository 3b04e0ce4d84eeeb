package org.qsd4j.qom.throttle;

import java.util.concurrent.locks.LockSupport;

/** A request that waits for its turn. Guarded by the group, but for its thread, which never changes. */
final class ThrottleWait {
    final long bytes;
    boolean granted;
    private final Thread thread = Thread.currentThread();

    ThrottleWait(long bytes) {
        this.bytes = bytes;
    }

    void wake() {
        LockSupport.unpark(thread);
    }
}

package org.qsd4j.block;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.qsd4j.aio.ThreadSafe;

/**
 * Knows whether anything was written since the last flush, so that a flush of a clean node is free. QEMU: {@code
 * write_gen} and {@code flushed_gen}.
 *
 * <p>Writers only read two fields, unless theirs is the first write after a flush has begun: queues don't fight for a
 * cache line. A write that ended before a flush began belongs to a generation that this flush covers; one that ends
 * later may start a new generation.
 */
@ThreadSafe
final class FlushGeneration {
    private static final VarHandle WRITTEN;
    private static final VarHandle FLUSHED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            WRITTEN = lookup.findVarHandle(FlushGeneration.class, "written", long.class);
            FLUSHED = lookup.findVarHandle(FlushGeneration.class, "flushed", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The generation that the newest writes belong to. */
    private volatile long written;

    /** The newest generation that a flush has begun with; a write that finds it equal to {@code written} starts the next. */
    private volatile long begun;

    /** The newest generation that is on stable storage. */
    private volatile long flushed;

    /** After a write has ended. */
    void wrote() {
        long generation = written;
        if (begun == generation) {
            WRITTEN.compareAndSet(this, generation, generation + 1);
        }
    }

    /** Begins a flush: the generation to hand to {@link #end}, or -1 if nothing was written since the last one. */
    long begin() {
        long generation = written;
        if (flushed == generation) {
            return -1;
        }
        raiseBegun(generation);
        return generation;
    }

    private synchronized void raiseBegun(long generation) {
        if (begun < generation) {
            begun = generation;
        }
    }

    /** The flush has succeeded. */
    void end(long generation) {
        long seen = flushed;
        while (seen < generation && !FLUSHED.compareAndSet(this, seen, generation)) {
            seen = flushed;
        }
    }
}

package org.qsd4j.block;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.qapi.gen.QapiEvents;

/**
 * How far the writes to a node have reached, and the place beyond which somebody wants to be told. QEMU: {@code
 * wr_highest_offset}, {@code write_threshold_offset}.
 *
 * <p>A write that stays below both only reads them; places are unsigned.
 */
@ThreadSafe
public final class WriteStatistics {
    private final NodeState state;
    private final Consumer<QapiEvent> events;
    private final AtomicLong highestOffset = new AtomicLong();

    /** 0 for none. Written by the main loop, and by the write that reaches beyond it. */
    private final AtomicLong writeThreshold = new AtomicLong();

    WriteStatistics(NodeState state, Consumer<QapiEvent> events) {
        this.state = state;
        this.events = events;
    }

    /** The end of the write that reached furthest. */
    public long highestOffset() {
        return highestOffset.get();
    }

    /** The place set by {@link #setWriteThreshold}, or 0. */
    public long writeThreshold() {
        return writeThreshold.get();
    }

    /** The next write beyond that place sends BLOCK_WRITE_THRESHOLD, once; 0 for never. */
    public void setWriteThreshold(long place) {
        writeThreshold.set(place);
    }

    /** Before a write that ends at {@code end}. */
    void checkWriteThreshold(long end) {
        long place = writeThreshold.get();
        if (place != 0 && Long.compareUnsigned(end, place) > 0 && writeThreshold.compareAndSet(place, 0)) {
            events.accept(QapiEvents.blockWriteThreshold(state.nodeName, end - place, place));
        }
    }

    /** After a write that ended at {@code end}, well or not. */
    void wrote(long end) {
        long seen = highestOffset.get();
        while (seen < end && !highestOffset.compareAndSet(seen, end)) {
            seen = highestOffset.get();
        }
    }
}

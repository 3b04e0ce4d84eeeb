package org.qsd4j.block.driver.quorum;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockChild;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.qapi.gen.QapiEvents;
import org.qsd4j.qapi.gen.QuorumOpType;
import org.qsd4j.sys.Errno;

/** Tells of children that fail or differ. Offsets are in bytes, rounded outwards to sectors of 512. */
@ThreadSafe
final class QuorumEvents {
    private static final int SECTOR_BITS = 9;

    private final String nodeName;
    private final Consumer<QapiEvent> events;

    QuorumEvents(String nodeName, Consumer<QapiEvent> events) {
        this.nodeName = nodeName;
        this.events = events;
    }

    /** @param result 0 if the child's contents differ, else -errno */
    void bad(QuorumOpType type, BlockChild child, long offset, long bytes, int result) {
        @Nullable String error = result < 0 ? Errno.message(-result) : null;
        events.accept(QapiEvents.quorumReportBad(
                type, error, child.node().nodeName(), offset >> SECTOR_BITS, sectors(offset, bytes)));
    }

    /** There is no majority. */
    void failure(long offset, long bytes) {
        events.accept(QapiEvents.quorumFailure(nodeName, offset >> SECTOR_BITS, sectors(offset, bytes)));
    }

    private static long sectors(long offset, long bytes) {
        long end = (offset + bytes + (1 << SECTOR_BITS) - 1) >> SECTOR_BITS;
        return end - (offset >> SECTOR_BITS);
    }
}

package org.qsd4j.block.driver.file;

import java.util.concurrent.atomic.AtomicLong;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.gen.BlockStatsSpecificFile;

/** Counts discards. QEMU: {@code raw_account_discard}. */
@ThreadSafe
final class FileDiscards {
    private final AtomicLong succeeded = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong bytesDiscarded = new AtomicLong();

    void count(long bytes, int result) {
        if (result < 0) {
            failed.incrementAndGet();
        } else {
            succeeded.incrementAndGet();
            bytesDiscarded.addAndGet(bytes);
        }
    }

    BlockStatsSpecificFile statistics() {
        return new BlockStatsSpecificFile(succeeded.get(), failed.get(), bytesDiscarded.get());
    }
}

package org.qsd4j.block.driver.file;

import java.util.concurrent.atomic.AtomicLong;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.gen.BlockStatsSpecific;
import org.qsd4j.qapi.gen.BlockStatsSpecificBase;
import org.qsd4j.qapi.gen.BlockStatsSpecificFile;
import org.qsd4j.qapi.gen.BlockdevDriver;

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

    BlockStatsSpecific statistics() {
        return new BlockStatsSpecific.File(
                new BlockStatsSpecificBase(BlockdevDriver.FILE),
                new BlockStatsSpecificFile(succeeded.get(), failed.get(), bytesDiscarded.get()));
    }
}

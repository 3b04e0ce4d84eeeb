package org.qsd4j.block.driver.blkdebug;

import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.qapi.gen.BlkdebugIOType;
import org.qsd4j.qapi.gen.BlkdebugInjectErrorOptions;
import org.qsd4j.sys.Errno;

/**
 * A rule that makes requests fail, once its event has come.
 *
 * @param state only in this state, or 0
 * @param errno 0 for none
 * @param offset a byte that the request has to touch, or {@link #ANYWHERE}
 */
record InjectError(
        BlkdebugEvent event,
        long state,
        Set<BlkdebugIOType> ioTypes,
        int errno,
        long delayNanos,
        long offset,
        boolean once) {
    static final long ANYWHERE = -1;
    private static final int SECTOR = 512;

    static InjectError of(BlkdebugInjectErrorOptions options) {
        BlkdebugIOType ioType = options.iotype();
        long sector = or(options.sector(), ANYWHERE);
        return new InjectError(
                options.event(),
                or(options.state(), 0),
                // Those from before block-status could fail don't expect it to.
                ioType == null ? EnumSet.complementOf(EnumSet.of(BlkdebugIOType.BLOCK_STATUS)) : EnumSet.of(ioType),
                (int) Math.abs(or(options.errno(), Errno.EIO)),
                or(options.delayNs(), 0),
                sector == ANYWHERE ? ANYWHERE : sector * SECTOR,
                Boolean.TRUE.equals(options.once()));
    }

    private static long or(@Nullable Number value, long fallback) {
        return value == null ? fallback : value.longValue();
    }

    boolean concerns(BlkdebugIOType ioType, long start, long bytes) {
        boolean touched = offset == ANYWHERE || (offset >= start && offset - start < bytes);
        return touched && ioTypes.contains(ioType);
    }
}

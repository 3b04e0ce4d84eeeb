package org.qsd4j.block.driver.blkdebug;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockLimits;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptionsBlkdebug;

/** What the options demand of requests; 0 where they say nothing. Checked against each other, as QEMU does. */
final class BlkdebugLimits {
    private final long align;
    private final long maxTransfer;
    private final long optWriteZero;
    private final long maxWriteZero;
    private final long optDiscard;
    private final long maxDiscard;

    /** @param childAlignment what the node below demands, at least */
    BlkdebugLimits(BlockdevOptionsBlkdebug options, int childAlignment) {
        align = size("align", options.align());
        if (align != 0 && (align >= Integer.MAX_VALUE || Long.bitCount(align) != 1)) {
            throw unmet("align", align);
        }
        long unit = Math.max(align, childAlignment);
        maxTransfer = multiple("max-transfer", size("max-transfer", options.maxTransfer()), unit);
        optWriteZero = multiple("opt-write-zero", size("opt-write-zero", options.optWriteZero()), unit);
        maxWriteZero = multiple(
                "max-write-zero", size("max-write-zero", options.maxWriteZero()), Math.max(optWriteZero, unit));
        optDiscard = multiple("opt-discard", size("opt-discard", options.optDiscard()), unit);
        maxDiscard = multiple("max-discard", size("max-discard", options.maxDiscard()), Math.max(optDiscard, unit));
    }

    private static long size(String name, @Nullable Number option) {
        long value = option == null ? 0 : option.longValue();
        if (value < 0) {
            throw QapiException.generic("Value '%d' is out of range for parameter '%s'", value, name);
        }
        return value;
    }

    private static long multiple(String name, long value, long unit) {
        if (value >= Integer.MAX_VALUE || value % unit != 0) {
            throw unmet(name, value);
        }
        return value;
    }

    private static QapiException unmet(String name, long value) {
        return QapiException.generic("Cannot meet constraints with %s %d", name, value);
    }

    void apply(BlockLimits limits) {
        limits.requestAlignment = align == 0 ? limits.requestAlignment : (int) align;
        limits.maxTransfer = maxTransfer == 0 ? limits.maxTransfer : (int) maxTransfer;
        limits.pwriteZeroesAlignment = optWriteZero == 0 ? limits.pwriteZeroesAlignment : (int) optWriteZero;
        limits.maxPwriteZeroes = maxWriteZero == 0 ? limits.maxPwriteZeroes : maxWriteZero;
        limits.pdiscardAlignment = optDiscard == 0 ? limits.pdiscardAlignment : (int) optDiscard;
        limits.maxPdiscard = maxDiscard == 0 ? limits.maxPdiscard : maxDiscard;
    }
}

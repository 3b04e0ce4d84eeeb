package org.qsd4j.block;

import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevCacheOptions;
import org.qsd4j.qapi.gen.BlockdevDetectZeroesOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Options that exclude each other, whatever the driver. QEMU: {@code bdrv_open_common}. */
final class OpenChecks {
    private OpenChecks() {}

    static void flags(OpenFlags flags) {
        if (flags.forceShare() && !flags.readOnly()) {
            throw QapiException.generic("force-share=on can only be used with read-only images");
        }
        if (flags.detectZeroes() == BlockdevDetectZeroesOptions.UNMAP && !flags.unmap()) {
            throw QapiException.generic(
                    "setting detect-zeroes to unmap is not allowed without setting discard operation to unmap");
        }
    }

    /** An empty object is left over when all options have been taken, and whatever is left over is refused. */
    static void leftOver(BlockDriver driver, BlockdevOptions options) {
        BlockdevCacheOptions cache = options.cache();
        if (cache != null && cache.direct() == null && cache.noFlush() == null) {
            throw QapiException.generic(
                    driver.hasFilenames()
                            ? "Block protocol '%s' doesn't support the option 'cache'"
                            : "Block format '%s' does not support the option 'cache'",
                    driver.formatName());
        }
    }
}

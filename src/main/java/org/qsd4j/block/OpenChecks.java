package org.qsd4j.block;

import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevDetectZeroesOptions;

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
}

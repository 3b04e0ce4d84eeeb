package org.qsd4j.block.driver.raw;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockNode;
import org.qsd4j.qapi.QapiException;

/**
 * The part of the file that the guest sees.
 *
 * @param fileOffset where it starts in the file, in bytes
 * @param size its fixed size in bytes, or {@link #TO_THE_END}
 */
@Immutable
record RawWindow(long fileOffset, long size) {
    static final long TO_THE_END = -1;
    private static final int SECTOR = 512;

    /** QEMU: {@code raw_read_options} and {@code raw_apply_options}. */
    static RawWindow of(BlockNode file, long offset, @Nullable Long size) {
        requireNotNegative("offset", offset);
        long fileSize = file.sectorAlignedLength();
        if (offset > fileSize) {
            throw QapiException.generic(
                    "Offset (%d) cannot be greater than size of the containing file (%d)", offset, fileSize);
        }
        if (size == null) {
            return new RawWindow(offset, TO_THE_END);
        }
        requireNotNegative("size", size);
        if (fileSize - offset < size) {
            throw QapiException.generic(
                    "The sum of offset (%d) and size (%d) has to be smaller or equal to the  actual size of the"
                            + " containing file (%d)",
                    offset, size, fileSize);
        }
        if (size % SECTOR != 0) {
            throw QapiException.generic("Specified size is not multiple of %d", SECTOR);
        }
        return new RawWindow(offset, size);
    }

    private static void requireNotNegative(String name, long value) {
        if (value < 0) {
            throw QapiException.generic("Value '%d' is out of range for parameter '%s'", value, name);
        }
    }

    boolean isWholeFile() {
        return fileOffset == 0 && size == TO_THE_END;
    }
}

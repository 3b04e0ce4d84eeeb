package org.qsd4j.block.driver.qcow2;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.driver.qcow2.format.ImageLimits;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;

/**
 * What a new image shall be. QEMU: {@code BlockdevCreateOptionsQcow2}.
 *
 * @param size of the virtual disk in bytes
 * @param version 2 or 3
 * @param clusterSize in bytes
 * @param backingFile the name that the header gets, or null
 * @param dataFile the name of the external data file that the header gets, or null
 * @param encryption how the guest's data will be encrypted, or null
 * @param zstd whether compressed clusters will be Zstandard frames
 */
record CreateOptions(
        long size,
        int version,
        long clusterSize,
        @Nullable String backingFile,
        @Nullable String backingFormat,
        boolean hasDataFile,
        @Nullable String dataFile,
        boolean dataFileRaw,
        boolean extendedL2,
        boolean lazyRefcounts,
        long refcountBits,
        boolean zstd,
        @Nullable NewEncryption encryption,
        PreallocMode preallocation) {
    static final long DEFAULT_CLUSTER_SIZE = 65536;
    static final long DEFAULT_REFCOUNT_BITS = 16;
    private static final int MIN_EXTENDED_CLUSTER = 16384;
    private static final String NEEDS_V3 = " with compatibility level 1.1 and above (use version=v3 or greater)";

    /** @throws QapiException in the real daemon's words */
    void check() {
        checkSizes();
        checkVersion();
        if (backingFile != null && preallocation != PreallocMode.OFF && !extendedL2) {
            throw QapiException.generic(
                    "Backing file and preallocation can only be used at the same time if extended_l2 is on");
        }
        if (backingFormat != null && backingFile == null) {
            throw QapiException.generic("Backing format cannot be used without backing file");
        }
        if (dataFileRaw && !hasDataFile) {
            throw QapiException.generic("data-file-raw requires data-file");
        }
        if (dataFileRaw && backingFile != null) {
            throw QapiException.generic("Backing file and data-file-raw cannot be used at the same time");
        }
    }

    private void checkSizes() {
        if (size % 512 != 0) {
            throw QapiException.generic("Image size must be a multiple of 512 bytes");
        }
        long min = 1L << ImageLimits.MIN_CLUSTER_BITS;
        long max = 1L << ImageLimits.MAX_CLUSTER_BITS;
        if (clusterSize < min || clusterSize > max || Long.bitCount(clusterSize) != 1) {
            throw QapiException.generic("Cluster size must be a power of two between %d and %dk", min, max / 1024);
        }
        if (refcountBits < 1 || refcountBits > 64 || Long.bitCount(refcountBits) != 1) {
            throw QapiException.generic("Refcount width must be a power of two and may not exceed 64 bits");
        }
        if (extendedL2 && version >= 3 && clusterSize < MIN_EXTENDED_CLUSTER) {
            throw QapiException.generic(
                    "Extended L2 entries are only supported with cluster sizes of at least %d bytes",
                    MIN_EXTENDED_CLUSTER);
        }
    }

    private void checkVersion() {
        if (version >= 3) {
            return;
        }
        if (hasDataFile) {
            throw QapiException.generic("External data files are only supported" + NEEDS_V3);
        }
        if (extendedL2) {
            throw QapiException.generic("Extended L2 entries are only supported" + NEEDS_V3);
        }
        if (lazyRefcounts) {
            throw QapiException.generic("Lazy refcounts only supported" + NEEDS_V3);
        }
        if (refcountBits != DEFAULT_REFCOUNT_BITS) {
            throw QapiException.generic(
                    "Different refcount widths than 16 bits require compatibility level 1.1 or above (use version=v3 or"
                            + " greater)");
        }
        if (zstd) {
            throw QapiException.generic("Non-zlib compression type is only supported" + NEEDS_V3);
        }
    }
}

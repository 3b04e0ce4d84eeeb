package org.qsd4j.block.driver.qcow2;

import org.jspecify.annotations.Nullable;

/**
 * How an image is opened, as far as this driver decides it; sizes in bytes.
 *
 * @param lazyRefcounts null: as the image's header says
 * @param overlapCheck a mask of {@link OverlapCheck}'s classes
 * @param cacheCleanSeconds unused cache entries go after this time; 0: never
 */
record Qcow2Options(
        boolean readOnly,
        @Nullable Boolean lazyRefcounts,
        boolean passDiscardRequest,
        boolean passDiscardSnapshot,
        boolean passDiscardOther,
        boolean discardNoUnref,
        int overlapCheck,
        long l2CacheSize,
        int l2CacheEntrySize,
        long refcountCacheSize,
        long cacheCleanSeconds) {
    static final long DEFAULT_L2_CACHE_MAX = 32L << 20;
    static final int DEFAULT_L2_CACHE_ENTRY = 4096;
    static final long DEFAULT_CACHE_CLEAN_SECONDS = 600;

    /** The defaults of an image opened without options; {@code l2CacheSize} and {@code refcountCacheSize} 0 mean default. */
    static Qcow2Options defaults(boolean readOnly) {
        return new Qcow2Options(
                readOnly,
                null,
                false,
                true,
                false,
                false,
                OverlapCheck.CACHED,
                0,
                DEFAULT_L2_CACHE_ENTRY,
                0,
                DEFAULT_CACHE_CLEAN_SECONDS);
    }
}

package org.qsd4j.block.driver.qcow2;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.OpenFlags;
import org.qsd4j.block.driver.qcow2.format.Feature;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptionsQcow2;
import org.qsd4j.qapi.gen.Qcow2OverlapCheckFlags;
import org.qsd4j.qapi.gen.Qcow2OverlapCheckMode;
import org.qsd4j.qapi.gen.Qcow2OverlapChecks;

/** A definition's options, checked against the image's header. QEMU: {@code qcow2_update_options_prepare}. */
final class OptionsReader {
    private static final int MIN_L2_CACHE_ENTRY = 512;
    private static final long MAX_CACHE_CLUSTERS = Integer.MAX_VALUE;

    private final BlockdevOptionsQcow2 options;
    private final Qcow2Header header;

    private OptionsReader(BlockdevOptionsQcow2 options, Qcow2Header header) {
        this.options = options;
        this.header = header;
    }

    static Qcow2Options read(BlockdevOptionsQcow2 options, OpenFlags flags, Qcow2Header header) {
        return new OptionsReader(options, header).read(flags);
    }

    private Qcow2Options read(OpenFlags flags) {
        long[] sizes = cacheSizes();
        Long interval = options.cacheCleanInterval();
        long cleanSeconds = interval == null ? Qcow2Options.DEFAULT_CACHE_CLEAN_SECONDS : interval;
        if (cleanSeconds < 0 || cleanSeconds > 0xffff_ffffL) {
            throw QapiException.generic("Cache clean interval too big");
        }
        Boolean lazy = options.lazyRefcounts();
        if (Boolean.TRUE.equals(lazy) && header.version() < 3) {
            throw QapiException.generic(
                    "Lazy refcounts require a qcow2 image with at least qemu 1.1 compatibility level");
        }
        boolean noUnref = is(options.discardNoUnref(), false);
        if (noUnref && header.version() < 3) {
            throw QapiException.generic("discard-no-unref is only supported since qcow2 version 3");
        }
        return new Qcow2Options(
                flags.readOnly() || !flags.active(),
                lazy == null ? (header.compatibleFeatures() & Feature.COMPAT_LAZY_REFCOUNTS) != 0 : lazy,
                is(options.passDiscardRequest(), flags.unmap()),
                is(options.passDiscardSnapshot(), true),
                is(options.passDiscardOther(), false),
                noUnref,
                overlapMask(options.overlapCheck()),
                sizes[0],
                entrySize(),
                sizes[1],
                cleanSeconds);
    }

    /** L2 and refcount cache, 0 where the default holds. */
    private long[] cacheSizes() {
        long both = orDefault("cache-size", options.cacheSize(), 0);
        long l2 = orDefault("l2-cache-size", options.l2CacheSize(), 0);
        long refcount = orDefault("refcount-cache-size", options.refcountCacheSize(), 0);
        if (options.cacheSize() != null) {
            if (options.l2CacheSize() != null && options.refcountCacheSize() != null) {
                throw QapiException.generic(
                        "cache-size, l2-cache-size and refcount-cache-size may not be set at the same time");
            }
            if (l2 > both) {
                throw QapiException.generic("l2-cache-size may not exceed cache-size");
            }
            if (refcount > both) {
                throw QapiException.generic("refcount-cache-size may not exceed cache-size");
            }
            if (options.l2CacheSize() != null) {
                refcount = both - l2;
            } else {
                l2 = both - refcount;
            }
        }
        if (refcount >>> header.clusterBits() > MAX_CACHE_CLUSTERS) {
            throw QapiException.generic("Refcount cache size too big");
        }
        return new long[] {l2, refcount};
    }

    private int entrySize() {
        long clusterSize = 1L << header.clusterBits();
        long size = orDefault(
                "l2-cache-entry-size",
                options.l2CacheEntrySize(),
                Math.min(clusterSize, Qcow2Options.DEFAULT_L2_CACHE_ENTRY));
        if (size < MIN_L2_CACHE_ENTRY || size > clusterSize || Long.bitCount(size) != 1) {
            throw QapiException.generic(
                    "L2 cache entry size must be a power of two between %d and the cluster size (%d)",
                    MIN_L2_CACHE_ENTRY, clusterSize);
        }
        return (int) size;
    }

    private static long orDefault(String name, @Nullable Long value, long fallback) {
        if (value == null) {
            return fallback;
        }
        if (value < 0) {
            throw QapiException.generic("Value '%d' is out of range for parameter '%s'", value, name);
        }
        return value;
    }

    private static boolean is(@Nullable Boolean value, boolean fallback) {
        return value == null ? fallback : value;
    }

    private static int overlapMask(@Nullable Qcow2OverlapChecks checks) {
        if (checks instanceof Qcow2OverlapChecks.Mode mode) {
            return templateMask(mode.value());
        }
        if (checks instanceof Qcow2OverlapChecks.Flags wrapper) {
            Qcow2OverlapCheckFlags flags = wrapper.value();
            int mask = templateMask(flags.template());
            mask = apply(mask, OverlapCheck.MAIN_HEADER, flags.mainHeader());
            mask = apply(mask, OverlapCheck.ACTIVE_L1, flags.activeL1());
            mask = apply(mask, OverlapCheck.ACTIVE_L2, flags.activeL2());
            mask = apply(mask, OverlapCheck.REFCOUNT_TABLE, flags.refcountTable());
            mask = apply(mask, OverlapCheck.REFCOUNT_BLOCK, flags.refcountBlock());
            mask = apply(mask, OverlapCheck.SNAPSHOT_TABLE, flags.snapshotTable());
            mask = apply(mask, OverlapCheck.INACTIVE_L1, flags.inactiveL1());
            mask = apply(mask, OverlapCheck.INACTIVE_L2, flags.inactiveL2());
            return apply(mask, OverlapCheck.BITMAP_DIRECTORY, flags.bitmapDirectory());
        }
        return OverlapCheck.CACHED;
    }

    private static int templateMask(@Nullable Qcow2OverlapCheckMode mode) {
        if (mode == null) {
            return OverlapCheck.CACHED;
        }
        return switch (mode) {
            case NONE -> OverlapCheck.NONE;
            case CONSTANT -> OverlapCheck.CONSTANT;
            case CACHED -> OverlapCheck.CACHED;
            case ALL -> OverlapCheck.ALL;
        };
    }

    private static int apply(int mask, int overlapClass, @Nullable Boolean wish) {
        return wish == null ? mask : wish ? mask | overlapClass : mask & ~overlapClass;
    }
}

package org.qsd4j.block;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.Immutable;
import org.qsd4j.qapi.gen.BlockdevCacheOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;

/**
 * Which cache options a definition, or that of a node above, gives: a child that is reopened with its parent follows
 * those, and otherwise keeps what it has.
 */
@Immutable
record CacheWishes(boolean direct, boolean noFlush) {
    static CacheWishes of(BlockdevOptions options) {
        @Nullable BlockdevCacheOptions cache = options.cache();
        return new CacheWishes(cache != null && cache.direct() != null, cache != null && cache.noFlush() != null);
    }

    CacheWishes and(CacheWishes more) {
        return new CacheWishes(direct || more.direct, noFlush || more.noFlush);
    }
}

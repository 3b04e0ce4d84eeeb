package org.qsd4j.block;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.Immutable;
import org.qsd4j.qapi.gen.BlockdevCacheOptions;
import org.qsd4j.qapi.gen.BlockdevDetectZeroesOptions;
import org.qsd4j.qapi.gen.BlockdevDiscardOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;

/**
 * The options that every driver has, settled: what the definition leaves open comes from the parent, as its role has it.
 * QEMU: {@code BDRV_O_*}.
 *
 * @param readOnly the node refuses writes
 * @param autoReadOnly the driver may fall back to read-only where it can't have the image for writing
 * @param direct bypass the host's page cache
 * @param noFlush flushes do nothing
 * @param unmap discards are passed on instead of ignored
 * @param forceShare open an image that another program writes to
 * @param active false: another program has the image for now, nothing may be locked or written
 */
@Immutable
public record OpenFlags(
        boolean readOnly,
        boolean autoReadOnly,
        boolean direct,
        boolean noFlush,
        boolean unmap,
        boolean forceShare,
        BlockdevDetectZeroesOptions detectZeroes,
        boolean active) {

    /** What a node at the top has where its definition is silent. */
    static final OpenFlags DEFAULTS =
            new OpenFlags(false, false, false, false, false, false, BlockdevDetectZeroesOptions.OFF, true);

    /** What a child in that role has where its definition is silent. */
    OpenFlags inherited(int role) {
        boolean backing = (role & ChildRole.COW) != 0;
        return new OpenFlags(
                backing || readOnly,
                !backing && autoReadOnly,
                direct,
                noFlush,
                // Drivers above keep to their own discard option, so that what comes down is meant to.
                true,
                forceShare,
                BlockdevDetectZeroesOptions.OFF,
                true);
    }

    /** The definition's wishes over these defaults. */
    OpenFlags overriddenBy(BlockdevOptions options) {
        BlockdevCacheOptions cache = options.cache();
        BlockdevDiscardOptions discard = options.discard();
        BlockdevDetectZeroesOptions zeroes = options.detectZeroes();
        return new OpenFlags(
                or(options.readOnly(), readOnly),
                or(options.autoReadOnly(), autoReadOnly),
                or(cache == null ? null : cache.direct(), direct),
                or(cache == null ? null : cache.noFlush(), noFlush),
                discard == null ? unmap : discard == BlockdevDiscardOptions.UNMAP,
                or(options.forceShare(), forceShare),
                zeroes == null ? detectZeroes : zeroes,
                or(options.active(), active));
    }

    /**
     * What a child in that role has when its parent, which has these flags now, is reopened: its own wishes, then what
     * the parent's definition says, and otherwise what it had or, if it is defined anew, the default.
     *
     * @param keeps the child is only named: its definition stays as it was
     */
    OpenFlags reopenedChild(int role, OpenFlags old, BlockdevOptions options, CacheWishes wishes, boolean keeps) {
        OpenFlags inherited = inherited(role);
        OpenFlags silent = keeps ? old : DEFAULTS;
        return new OpenFlags(
                        inherited.readOnly,
                        inherited.autoReadOnly,
                        wishes.direct() ? inherited.direct : silent.direct,
                        wishes.noFlush() ? inherited.noFlush : silent.noFlush,
                        keeps ? old.unmap : inherited.unmap,
                        old.forceShare,
                        silent.detectZeroes,
                        old.active)
                .overriddenBy(options)
                .withActive(old.active && active);
    }

    /** What an overlay has that is put on a node with these flags. */
    OpenFlags ofOverlay() {
        return new OpenFlags(
                readOnly, autoReadOnly, direct, noFlush, unmap, false, BlockdevDetectZeroesOptions.OFF, active);
    }

    OpenFlags withReadOnly(boolean value) {
        return new OpenFlags(value, autoReadOnly, direct, noFlush, unmap, forceShare, detectZeroes, active);
    }

    OpenFlags withUnmap(boolean value) {
        return new OpenFlags(readOnly, autoReadOnly, direct, noFlush, value, forceShare, detectZeroes, active);
    }

    OpenFlags withForceShare(boolean value) {
        return new OpenFlags(readOnly, autoReadOnly, direct, noFlush, unmap, value, detectZeroes, active);
    }

    OpenFlags withActive(boolean value) {
        return new OpenFlags(readOnly, autoReadOnly, direct, noFlush, unmap, forceShare, detectZeroes, value);
    }

    private static boolean or(@Nullable Boolean wish, boolean fallback) {
        return wish == null ? fallback : wish;
    }
}

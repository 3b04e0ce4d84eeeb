package org.qsd4j.qapi.gen;

import org.jspecify.annotations.Nullable;

/** Stands in until the generator emits it. */
public sealed interface BlockExportOptions {
    BlockExportOptionsBase base();

    default BlockExportType type() {
        return base().type();
    }

    default String id() {
        return base().id();
    }

    default @Nullable Boolean fixedIothread() {
        return base().fixedIothread();
    }

    default @Nullable BlockExportIothreads iothread() {
        return base().iothread();
    }

    default String nodeName() {
        return base().nodeName();
    }

    default @Nullable Boolean writable() {
        return base().writable();
    }

    default @Nullable Boolean writethrough() {
        return base().writethrough();
    }

    default @Nullable Boolean allowInactive() {
        return base().allowInactive();
    }

    /** FUSE. */
    record Fuse(BlockExportOptionsBase base, BlockExportOptionsFuse u) implements BlockExportOptions {}
}

package org.qsd4j.qapi.gen;

import org.jspecify.annotations.Nullable;

/** Stands in until the generator emits it. */
public record BlockExportOptionsBase(
        BlockExportType type,
        String id,
        @Nullable Boolean fixedIothread,
        @Nullable BlockExportIothreads iothread,
        String nodeName,
        @Nullable Boolean writable,
        @Nullable Boolean writethrough,
        @Nullable Boolean allowInactive) {}

package org.qsd4j.qapi.gen;

import org.jspecify.annotations.Nullable;

/** Stands in until the generator emits it. */
public record BlockExportOptionsFuse(
        String mountpoint,
        @Nullable Boolean growable,
        @Nullable FuseExportAllowOther allowOther) {}

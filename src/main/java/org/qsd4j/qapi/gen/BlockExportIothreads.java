package org.qsd4j.qapi.gen;

import java.util.List;

/** Stands in until the generator emits it. */
public sealed interface BlockExportIothreads {
    /** One. */
    record Single(String value) implements BlockExportIothreads {}

    /** Several. */
    record Multi(List<String> value) implements BlockExportIothreads {}
}

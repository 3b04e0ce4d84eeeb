package org.qsd4j.qapi.gen;

/** Stands in until the generator emits it. */
public enum BlockExportRemoveMode {
    SAFE,
    HARD
}

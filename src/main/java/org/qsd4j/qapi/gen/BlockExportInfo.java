package org.qsd4j.qapi.gen;

/** Stands in until the generator emits it. */
public record BlockExportInfo(String id, BlockExportType type, String nodeName, boolean shuttingDown) {}

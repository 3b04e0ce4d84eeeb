package org.qsd4j.export;

import java.util.List;
import org.qsd4j.aio.Immutable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.block.BlockBackend;

/**
 * What {@link BlockExports} has checked and opened for a new export before its driver sees it.
 *
 * @param exports the registry, which the export tells when its last reference goes
 * @param id unique among exports, well-formed
 * @param nodeName the node as the client named it
 * @param blk open with the export's permissions; closed by the registry after the export's deletion
 * @param ioThreads the user's choice, empty if none; more than one, or an explicit list of one, if {@code multiThreaded}
 * @param multiThreaded the user gave a list
 * @param writable clients may write
 */
@Immutable
public record BlockExportSetup(
        BlockExports exports,
        String id,
        String nodeName,
        BlockBackend blk,
        List<IoThread> ioThreads,
        boolean multiThreaded,
        boolean writable) {}

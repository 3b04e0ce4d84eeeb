package org.qsd4j.export.nbd;

import java.util.ArrayList;
import java.util.List;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.DirtyBitmap;
import org.qsd4j.block.Permission;
import org.qsd4j.export.BlockExport;
import org.qsd4j.export.BlockExportDriver;
import org.qsd4j.export.BlockExportSetup;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockDirtyBitmapOrStr;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockExportOptionsNbd;
import org.qsd4j.qapi.gen.BlockExportType;

/** Makes exports of the NBD server. */
public final class NbdExportDriver implements BlockExportDriver {
    private final NbdServer server;
    private final BlockGraph graph;

    /** @param graph where nodes are that bitmaps are named by */
    public NbdExportDriver(NbdServer server, BlockGraph graph) {
        this.server = server;
        this.graph = graph;
    }

    @Override
    public BlockExportType type() {
        return BlockExportType.NBD;
    }

    /** Clients can read; writes get EPERM until the node is active. */
    @Override
    public boolean supportsInactive() {
        return true;
    }

    @Override
    public BlockExport create(BlockExportSetup setup, BlockExportOptions options) {
        if (setup.multiThreaded()) {
            throw QapiException.generic("NBD export does not support multi-threading");
        }
        BlockExportOptionsNbd nbd = ((BlockExportOptions.Nbd) options).u();
        server.running();
        NbdExportName name = new NbdExportName(nbd.name() == null ? setup.nodeName() : nbd.name(), nbd.description());
        if (server.directory().find(name.name()) != null) {
            throw QapiException.generic("NBD server already has export named '%s'", name.name());
        }
        // The size is told once, in the handshake: nobody may change it afterwards.
        int perm = Permission.CONSISTENT_READ | (setup.writable() ? Permission.WRITE : 0);
        setup.blk().setPermissions(perm, Permission.ALL & ~Permission.RESIZE);
        List<DirtyBitmap> bitmaps = findBitmaps(setup, nbd.bitmaps() == null ? List.of() : nbd.bitmaps());
        NbdExport export = new NbdExport(setup, server, name, Boolean.TRUE.equals(nbd.allocationDepth()), bitmaps);
        export.publish();
        return export;
    }

    private List<DirtyBitmap> findBitmaps(BlockExportSetup setup, List<BlockDirtyBitmapOrStr> wanted) {
        List<DirtyBitmap> found = new ArrayList<>();
        for (BlockDirtyBitmapOrStr each : wanted) {
            DirtyBitmap bitmap = findBitmap(setup, each);
            bitmap.checkUsable();
            boolean nodeIsWritable = !setup.blk().node().isReadOnly();
            if (!setup.writable() && nodeIsWritable && bitmap.isEnabled()) {
                throw QapiException.generic("Enabled bitmap '%s' incompatible with readonly export", bitmap.name());
            }
            found.add(bitmap);
        }
        if (found.size() > NbdTarget.MAX_BITMAPS) {
            throw QapiException.generic("More than %d bitmaps of one export", NbdTarget.MAX_BITMAPS);
        }
        return found;
    }

    private DirtyBitmap findBitmap(BlockExportSetup setup, BlockDirtyBitmapOrStr wanted) {
        if (wanted instanceof BlockDirtyBitmapOrStr.External external) {
            String nodeName = external.value().node();
            BlockNode node = graph.find(nodeName);
            if (node == null) {
                throw QapiException.generic("Node '%s' not found", nodeName);
            }
            DirtyBitmap bitmap = node.findDirtyBitmap(external.value().name());
            if (bitmap == null) {
                throw QapiException.generic(
                        "Dirty bitmap '%s' not found", external.value().name());
            }
            return bitmap;
        }
        String name = ((BlockDirtyBitmapOrStr.Local) wanted).value();
        DirtyBitmap bitmap = DirtyBitmap.findInChain(setup.blk().node(), name);
        if (bitmap == null) {
            throw QapiException.generic("Bitmap '%s' is not found", name);
        }
        return bitmap;
    }
}

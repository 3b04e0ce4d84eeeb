package org.qsd4j.export.nbd;

import java.util.List;
import org.jspecify.annotations.Nullable;
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

    public NbdExportDriver(NbdServer server) {
        this.server = server;
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
        findBitmaps(nbd.bitmaps());
        NbdExport export = new NbdExport(setup, server, name, Boolean.TRUE.equals(nbd.allocationDepth()));
        export.publish();
        return export;
    }

    private static void findBitmaps(@Nullable List<BlockDirtyBitmapOrStr> bitmaps) {
        for (BlockDirtyBitmapOrStr bitmap : bitmaps == null ? List.<BlockDirtyBitmapOrStr>of() : bitmaps) {
            String name = bitmap instanceof BlockDirtyBitmapOrStr.External external
                    ? external.value().name()
                    : ((BlockDirtyBitmapOrStr.Local) bitmap).value();
            throw QapiException.generic("Bitmap '%s' is not found", name);
        }
    }
}

package org.qsd4j.export.nbd;

import java.util.List;
import org.qsd4j.block.DirtyBitmap;
import org.qsd4j.export.BlockExport;
import org.qsd4j.export.BlockExportSetup;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockExportType;

/** A node that the NBD server offers under a name. QEMU: {@code NBDExport}. Each client that uses it holds a reference. */
final class NbdExport extends BlockExport implements NbdTarget.Owner {
    private final ExportDirectory directory;
    private final NbdTarget target;

    /** Not visible to clients before {@link #publish}. */
    NbdExport(
            BlockExportSetup setup,
            NbdServer server,
            NbdExportName name,
            boolean allocationDepth,
            List<DirtyBitmap> bitmaps) {
        super(BlockExportType.NBD, setup);
        this.directory = server.directory();
        this.target = new NbdTarget(
                name.name(),
                name.description(),
                setup.blk(),
                setup.writable(),
                allocationDepth,
                bitmaps,
                server.running().allowsSeveral(),
                this);
    }

    void publish() {
        if (!directory.add(target)) {
            throw QapiException.generic("NBD server already has export named '%s'", target.name);
        }
        target.bitmaps.forEach(bitmap -> bitmap.setBusy(true));
    }

    @Override
    protected void requestShutdown() {
        directory.remove(target);
        target.disconnectClients();
    }

    @Override
    protected void delete() {
        directory.remove(target);
        target.bitmaps.forEach(bitmap -> bitmap.setBusy(false));
    }
}

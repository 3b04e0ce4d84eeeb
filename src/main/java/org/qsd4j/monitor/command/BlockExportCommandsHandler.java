package org.qsd4j.monitor.command;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.export.BlockExports;
import org.qsd4j.qapi.gen.BlockExportCommands;
import org.qsd4j.qapi.gen.BlockExportInfo;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockExportRemoveMode;

/** The commands of block-export.json. */
public final class BlockExportCommandsHandler implements BlockExportCommands {
    private final BlockExports exports;

    public BlockExportCommandsHandler(BlockExports exports) {
        this.exports = exports;
    }

    @Override
    public void blockExportAdd(BlockExportOptions options) {
        exports.add(options);
    }

    @Override
    public void blockExportDel(String id, @Nullable BlockExportRemoveMode mode) {
        exports.remove(id, mode);
    }

    @Override
    public List<BlockExportInfo> queryBlockExports() {
        return exports.query();
    }
}

package org.qsd4j.block.driver.dmg;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Driver {@code dmg}: zlib and stored chunks. Nothing at an image's start tells it apart, so it is never probed. */
public final class DmgDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "dmg";
    }

    @Override
    public boolean supportsReopen() {
        return false;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        request.applyAutoReadOnly("Image is read-only");
        BlockChild file = request.openChild(
                "file", ((BlockdevOptions.Dmg) request.options()).u().file(), ChildRole.IMAGE);
        DmgTrailer trailer = DmgTrailer.read(file);
        return new DmgNode(request, file, DmgChunks.read(file, trailer), trailer.size());
    }
}

package org.qsd4j.block.driver.bochs;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Driver {@code bochs}. */
public final class BochsDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "bochs";
    }

    @Override
    public int probe(byte[] head) {
        return BochsHeader.isMagic(head) ? 100 : 0;
    }

    @Override
    public boolean supportsReopen() {
        return false;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        request.applyAutoReadOnly("Image is read-only");
        BlockChild file = request.openChild(
                "file", ((BlockdevOptions.Bochs) request.options()).u().file(), ChildRole.IMAGE);
        return new BochsNode(request, file, BochsHeader.read(file));
    }
}

package org.qsd4j.block.driver.parallels;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Driver {@code parallels}. */
public final class ParallelsDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "parallels";
    }

    @Override
    public int probe(byte[] head) {
        return ParallelsHeader.isMagic(head) ? 100 : 0;
    }

    @Override
    public boolean supportsReopen() {
        return false;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockChild file = request.openChild(
                "file", ((BlockdevOptions.Parallels) request.options()).u().file(), ChildRole.IMAGE);
        ParallelsHeader header = ParallelsHeader.read(file);
        SparseImageNode.requireReadOnly(request, formatName());
        return new ParallelsNode(request, file, header);
    }
}

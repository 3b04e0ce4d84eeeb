package org.qsd4j.block.driver.vdi;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Driver {@code vdi}. */
public final class VdiDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "vdi";
    }

    @Override
    public int probe(byte[] head) {
        return VdiHeader.isMagic(head) ? 100 : 0;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockChild file = request.openChild(
                "file", ((BlockdevOptions.Vdi) request.options()).u().file(), ChildRole.IMAGE);
        VdiHeader header = VdiHeader.read(file);
        SparseImageNode.requireReadOnly(request, formatName());
        return new VdiNode(request, file, header);
    }
}

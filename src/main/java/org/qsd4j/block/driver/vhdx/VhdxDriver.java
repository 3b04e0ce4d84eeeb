package org.qsd4j.block.driver.vhdx;

import java.nio.charset.StandardCharsets;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Driver {@code vhdx}. The format is Microsoft's "[MS-VHDX]". */
public final class VhdxDriver implements BlockDriver {
    static final String SIGNATURE = "vhdxfile";

    @Override
    public String formatName() {
        return "vhdx";
    }

    @Override
    public int probe(byte[] head) {
        return new String(head, StandardCharsets.ISO_8859_1).startsWith(SIGNATURE) ? 100 : 0;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockChild file = request.openChild(
                "file", ((BlockdevOptions.Vhdx) request.options()).u().file(), ChildRole.IMAGE);
        VhdxHeader header = VhdxHeader.read(file);
        VhdxRegions regions = VhdxRegions.read(file);
        VhdxMetadata metadata = VhdxMetadata.read(file, regions);
        SparseImageNode.requireReadOnly(request, formatName());
        header.requireEmptyLog(file);
        return new VhdxNode(request, file, regions.tableOffset(), metadata);
    }
}

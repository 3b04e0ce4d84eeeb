package org.qsd4j.block.driver.vpc;

import java.nio.charset.StandardCharsets;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Driver {@code vpc}. */
public final class VpcDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "vpc";
    }

    /** Only a dynamic image has its footer at the start too. */
    @Override
    public int probe(byte[] head) {
        boolean magic = head.length >= 8 && new String(head, 0, 8, StandardCharsets.ISO_8859_1).equals(VpcFooter.MAGIC);
        return magic ? 100 : 0;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockChild file = request.openChild(
                "file", ((BlockdevOptions.Vpc) request.options()).u().file(), ChildRole.IMAGE);
        VpcFooter footer = VpcFooter.read(file);
        BlockNode node;
        if (footer.isDynamic()) {
            DynamicHeader header = DynamicHeader.read(file, footer);
            SparseImageNode.requireReadOnly(request, formatName());
            node = new DynamicVpcNode(request, file, footer.size(), header);
        } else {
            SparseImageNode.requireReadOnly(request, formatName());
            node = new FixedVpcNode(request, file, footer.size());
        }
        return node;
    }
}

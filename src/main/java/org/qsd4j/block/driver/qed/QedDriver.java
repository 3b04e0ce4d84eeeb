package org.qsd4j.block.driver.qed;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsGenericCOWFormat;

/** Driver {@code qed}. */
public final class QedDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "qed";
    }

    @Override
    public boolean supportsBacking() {
        return true;
    }

    @Override
    public int probe(byte[] head) {
        return QedHeader.isMagic(head) ? 100 : 0;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsGenericCOWFormat options = ((BlockdevOptions.Qed) request.options()).u();
        BlockChild file = request.openChild("file", options.file(), ChildRole.IMAGE);
        QedHeader header = QedHeader.read(file);
        SparseImageNode.requireReadOnly(request, formatName());
        SparseImageNode.openBacking(request, file, options.backing(), header.backingFile(), header.backingFormat());
        return new QedNode(request, file, header);
    }
}

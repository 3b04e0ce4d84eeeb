package org.qsd4j.block.driver.qcow;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsQcow;

/** Driver {@code qcow}. */
public final class QcowDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "qcow";
    }

    @Override
    public boolean supportsBacking() {
        return true;
    }

    @Override
    public int probe(byte[] head) {
        return QcowHeader.isMagic(head) ? 100 : 0;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsQcow options = ((BlockdevOptions.Qcow) request.options()).u();
        BlockChild file = request.openChild("file", options.file(), ChildRole.IMAGE);
        QcowHeader header = QcowHeader.read(file);
        SparseImageNode.requireReadOnly(request, formatName());
        SparseImageNode.openBacking(request, file, options.backing(), header.backingFile(), null);
        return new QcowNode(request, file, header);
    }
}

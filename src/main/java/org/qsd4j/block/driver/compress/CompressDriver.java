package org.qsd4j.block.driver.compress;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Driver {@code compress}. QEMU: {@code filter-compress.c}. */
public final class CompressDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "compress";
    }

    @Override
    public boolean isFilter() {
        return true;
    }

    @Override
    public boolean supportsReopen() {
        return false;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockChild file = request.openChild(
                "file",
                ((BlockdevOptions.Compress) request.options()).u().file(),
                ChildRole.FILTERED | ChildRole.PRIMARY);
        if (!file.node().supportsCompressedWrites()) {
            throw QapiException.generic(
                    "Compression is not supported for underlying format: %s",
                    file.node().driver().formatName());
        }
        return new CompressNode(request, file);
    }
}

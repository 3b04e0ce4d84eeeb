package org.qsd4j.block.driver.cloop;

import java.nio.charset.StandardCharsets;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Driver {@code cloop}. */
public final class CloopDriver implements BlockDriver {
    private static final String MAGIC_V2 =
            "#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n";

    @Override
    public String formatName() {
        return "cloop";
    }

    @Override
    public int probe(byte[] head) {
        return new String(head, StandardCharsets.ISO_8859_1).startsWith(MAGIC_V2) ? 2 : 0;
    }

    @Override
    public boolean supportsReopen() {
        return false;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        request.applyAutoReadOnly("Image is read-only");
        BlockChild file = request.openChild(
                "file", ((BlockdevOptions.Cloop) request.options()).u().file(), ChildRole.IMAGE);
        return new CloopNode(request, file, CloopHeader.read(file));
    }
}

package org.qsd4j.block.driver.blkverify;

import java.util.function.Consumer;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsBlkverify;

/** Driver {@code blkverify}. */
public final class BlkverifyDriver implements BlockDriver {
    private final Consumer<String> fatal;

    /** @param fatal ends the program with a line, when the two nodes differ; any thread */
    public BlkverifyDriver(Consumer<String> fatal) {
        this.fatal = fatal;
    }

    @Override
    public String formatName() {
        return "blkverify";
    }

    @Override
    public boolean isFilter() {
        return true;
    }

    @Override
    public boolean hasFilenames() {
        return true;
    }

    @Override
    public boolean supportsReopen() {
        return false;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsBlkverify options = ((BlockdevOptions.Blkverify) request.options()).u();
        BlockChild raw = request.openChild("raw", options.raw(), ChildRole.FILTERED | ChildRole.PRIMARY);
        BlockChild test = request.openChild("test", options.test(), ChildRole.DATA);
        return new BlkverifyNode(request, raw, test, fatal);
    }
}

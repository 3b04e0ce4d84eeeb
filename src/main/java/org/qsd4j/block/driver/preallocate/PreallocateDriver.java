package org.qsd4j.block.driver.preallocate;

import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.Permission;
import org.qsd4j.block.PermissionPolicy.ParentState;
import org.qsd4j.block.Permissions;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsPreallocate;
import org.qsd4j.util.Align;

/** Driver {@code preallocate}. */
public final class PreallocateDriver implements BlockDriver {
    private static final long DEFAULT_ALIGN = 1 << 20;
    private static final long DEFAULT_SIZE = 128 << 20;
    private static final int SECTOR = 512;

    private final Consumer<String> report;

    /** @param report takes lines about what no command can be told of; any thread */
    public PreallocateDriver(Consumer<String> report) {
        this.report = report;
    }

    @Override
    public String formatName() {
        return "preallocate";
    }

    @Override
    public boolean isFilter() {
        return true;
    }

    @Override
    public Set<String> changeableOptions() {
        return Set.of("prealloc-align", "prealloc-size");
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsPreallocate options = ((BlockdevOptions.Preallocate) request.options()).u();
        BlockChild file = request.openChild(
                "file", options.file(), ChildRole.FILTERED | ChildRole.PRIMARY, PreallocateDriver::childPermissions);
        long align = size("prealloc-align", options.preallocAlign(), DEFAULT_ALIGN);
        if (align % SECTOR != 0) {
            throw QapiException.generic("prealloc-align parameter of preallocate filter is not aligned to %d", SECTOR);
        }
        if (!Align.isAligned(align, file.node().limits().requestAlignment)) {
            throw QapiException.generic(
                    "prealloc-align parameter of preallocate filter is not aligned to underlying node request alignment"
                            + " (%d)",
                    file.node().limits().requestAlignment);
        }
        long size = size("prealloc-size", options.preallocSize(), DEFAULT_SIZE);
        return new PreallocateNode(request, file, Math.max(align, 1), size, report);
    }

    private static long size(String name, @Nullable Long value, long fallback) {
        if (value == null) {
            return fallback;
        }
        if (value < 0 || value > BlockNode.MAX_LENGTH) {
            throw QapiException.generic("Value '%d' is out of range for parameter '%s'", value, name);
        }
        return value;
    }

    /** While the end is ours to move, nobody else may. */
    private static Permissions childPermissions(Permissions wanted, ParentState state) {
        int moves = Permission.WRITE | Permission.RESIZE;
        return PreallocateNode.mayPreallocate(wanted.perm())
                ? new Permissions(wanted.perm(), wanted.shared() & ~moves)
                : wanted;
    }
}

package org.qsd4j.block.driver.copyonread;

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
import org.qsd4j.qapi.gen.BlockdevOptionsCor;

/** Driver {@code copy-on-read}. */
public final class CopyOnReadDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "copy-on-read";
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
        BlockdevOptionsCor options = ((BlockdevOptions.CopyOnRead) request.options()).u();
        BlockChild file = request.openChild(
                "file", options.file(), ChildRole.FILTERED | ChildRole.PRIMARY, CopyOnReadDriver::childPermissions);
        String bottom = options.bottom();
        BlockNode bottomNode = bottom == null ? null : bottom(request, file.node(), bottom);
        return new CopyOnReadNode(request, file, bottomNode);
    }

    /** Copying leaves the visible contents as they are. */
    private static Permissions childPermissions(Permissions wanted, ParentState state) {
        int copies = state.inactive() ? 0 : Permission.WRITE_UNCHANGED;
        int perm = wanted.perm() & ~Permission.WRITE_UNCHANGED;
        return new Permissions(perm | copies, wanted.shared() | Permission.WRITE_UNCHANGED);
    }

    /** The real daemon crashes at the first read when the bottom isn't part of the chain. */
    private static BlockNode bottom(OpenRequest request, BlockNode top, String name) {
        BlockNode bottom = request.find(name);
        if (bottom == null) {
            throw QapiException.generic("Bottom node '%s' not found", name);
        }
        if (bottom.driver().isFilter()) {
            throw QapiException.generic("Bottom node '%s' is a filter", name);
        }
        for (BlockNode node = top; node != bottom; ) {
            BlockChild below = node.filteredOrBacking();
            if (below == null) {
                throw QapiException.generic(
                        "Bottom node '%s' is not in the backing chain of '%s'", name, top.nodeName());
            }
            node = below.node();
        }
        return bottom;
    }
}

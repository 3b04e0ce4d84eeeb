package org.qsd4j.block.driver.raw;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.Permission;
import org.qsd4j.block.PermissionPolicy;
import org.qsd4j.block.Permissions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsRaw;

/** Driver {@code raw}. */
public final class RawDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "raw";
    }

    @Override
    public Set<String> strongOptions() {
        return Set.of("offset", "size");
    }

    @Override
    public Set<String> mutableOptions() {
        return Set.of("offset", "size");
    }

    /** Anything can be raw, if nobody else wants it. */
    @Override
    public int probe(byte[] head) {
        return 1;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsRaw options = ((BlockdevOptions.Raw) request.options()).u();
        long offset = or(options.offset(), 0);
        Long size = options.size();
        int role = offset != 0 || size != null ? ChildRole.DATA : ChildRole.FILTERED;
        BlockChild file = request.openChild("file", options.file(), role | ChildRole.PRIMARY, policy(role));
        return new RawNode(request, file, RawWindow.of(file.node(), offset, size));
    }

    /** As usual for the role, but without rights to write or resize that no parent has asked for. */
    private static PermissionPolicy policy(int role) {
        PermissionPolicy usual = PermissionPolicy.ofRole(role);
        return (wanted, state) -> {
            Permissions permissions = usual.childPermissions(wanted, state);
            int unasked = ~wanted.perm() & (Permission.WRITE | Permission.RESIZE);
            return new Permissions(permissions.perm() & ~unasked, permissions.shared());
        };
    }

    private static long or(@Nullable Long value, long fallback) {
        return value == null ? fallback : value;
    }
}

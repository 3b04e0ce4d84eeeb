package org.qsd4j.block.driver.blkdebug;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.Permission;
import org.qsd4j.block.Permissions;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlkdebugInjectErrorOptions;
import org.qsd4j.qapi.gen.BlkdebugSetStateOptions;
import org.qsd4j.qapi.gen.BlockPermission;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsBlkdebug;

/** Driver {@code blkdebug}. */
public final class BlkdebugDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "blkdebug";
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
    public Set<String> strongOptions() {
        return Set.of(
                "config",
                "inject-error",
                "set-state",
                "align",
                "max-transfer",
                "opt-write-zero",
                "max-write-zero",
                "opt-discard",
                "max-discard");
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsBlkdebug options = ((BlockdevOptions.Blkdebug) request.options()).u();
        List<InjectError> errors = new ArrayList<>();
        List<BlkdebugSetStateOptions> transitions = new ArrayList<>();
        String config = options.config();
        if (config != null) {
            BlkdebugConfig rules = BlkdebugConfig.read(config);
            errors.addAll(rules.errors);
            transitions.addAll(rules.transitions);
        }
        for (BlkdebugInjectErrorOptions rule : orEmpty(options.injectError())) {
            errors.add(InjectError.of(rule));
        }
        transitions.addAll(orEmpty(options.setState()));
        int taken = mask(orEmpty(options.takeChildPerms()));
        int unshared = mask(orEmpty(options.unshareChildPerms()));
        BlockChild image = request.openChild(
                "image",
                options.image(),
                ChildRole.FILTERED | ChildRole.PRIMARY,
                (wanted, state) -> new Permissions(wanted.perm() | taken, wanted.shared() & ~unshared));
        BlkdebugLimits limits = new BlkdebugLimits(options, image.node().limits().requestAlignment);
        refuseEmpty("inject-error", options.injectError());
        refuseEmpty("set-state", options.setState());
        return new BlkdebugNode(request, image, new BlkdebugRules(errors, transitions), limits);
    }

    /** An empty list is left over when all options have been taken. */
    private static void refuseEmpty(String name, @Nullable List<?> list) {
        if (list != null && list.isEmpty()) {
            throw QapiException.generic("Block protocol 'blkdebug' doesn't support the option '%s'", name);
        }
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }

    private static int mask(List<BlockPermission> permissions) {
        int mask = 0;
        for (BlockPermission permission : permissions) {
            mask |= switch (permission) {
                case CONSISTENT_READ -> Permission.CONSISTENT_READ;
                case WRITE -> Permission.WRITE;
                case WRITE_UNCHANGED -> Permission.WRITE_UNCHANGED;
                case RESIZE -> Permission.RESIZE;
            };
        }
        return mask;
    }
}

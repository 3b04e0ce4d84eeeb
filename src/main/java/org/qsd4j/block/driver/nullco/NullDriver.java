package org.qsd4j.block.driver.nullco;

import java.util.Set;
import java.util.function.Function;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsNull;

/** Drivers {@code null-co} and {@code null-aio}: the same, since there are no coroutines that would make a difference. */
public final class NullDriver implements BlockDriver {
    private final String formatName;
    private final Function<BlockdevOptions, BlockdevOptionsNull> branch;

    private NullDriver(String formatName, Function<BlockdevOptions, BlockdevOptionsNull> branch) {
        this.formatName = formatName;
        this.branch = branch;
    }

    public static NullDriver nullCo() {
        return new NullDriver("null-co", options -> ((BlockdevOptions.NullCo) options).u());
    }

    public static NullDriver nullAio() {
        return new NullDriver("null-aio", options -> ((BlockdevOptions.NullAio) options).u());
    }

    @Override
    public String formatName() {
        return formatName;
    }

    @Override
    public boolean isProtocol() {
        return true;
    }

    @Override
    public Set<String> strongOptions() {
        return Set.of("size", "read-zeroes");
    }

    @Override
    public BlockNode open(OpenRequest request) {
        return NullNode.open(request, branch.apply(request.options()));
    }
}

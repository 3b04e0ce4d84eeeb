package org.qsd4j.block.driver.nullco;

import java.util.Set;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Driver {@code null-co}. */
public final class NullCoDriver implements BlockDriver {
    @Override
    public String formatName() {
        return "null-co";
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
        return NullNode.open(request, ((BlockdevOptions.NullCo) request.options()).u());
    }
}

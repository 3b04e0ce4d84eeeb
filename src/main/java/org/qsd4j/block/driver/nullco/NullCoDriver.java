package org.qsd4j.block.driver.nullco;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsNull;
import org.qsd4j.sys.Errno;

/** Driver {@code null-co}. */
public final class NullCoDriver implements BlockDriver {
    private static final long DEFAULT_SIZE = 1L << 30;

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
        BlockdevOptionsNull options = ((BlockdevOptions.NullCo) request.options()).u();
        long size = or(options.size(), DEFAULT_SIZE);
        if (size < 0) {
            throw QapiException.generic("Value '%d' is out of range for parameter 'size'", size);
        }
        long latencyNanos = or(options.latencyNs(), 0);
        if (latencyNanos < 0) {
            throw QapiException.generic("latency-ns is invalid");
        }
        if (size > BlockNode.MAX_LENGTH) {
            throw QapiException.fromErrno(Errno.EFBIG, "Could not refresh total sector count");
        }
        boolean plain = options.size() == null && options.readZeroes() == null;
        return new NullCoNode(request, size, latencyNanos, Boolean.TRUE.equals(options.readZeroes()), plain);
    }

    private static long or(@Nullable Long value, long fallback) {
        return value == null ? fallback : value;
    }
}

package org.qsd4j.block.driver.qcow2;

import io.airlift.compress.zstd.ZstdCompressor;
import java.nio.ByteBuffer;
import java.util.zip.Deflater;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;

/** Compresses one cluster in a thread's scratch memory. */
final class ClusterCompression {
    /** The cluster doesn't get smaller. */
    static final int INCOMPRESSIBLE = 0;

    private ClusterCompression() {}

    /** From {@code scratch.cluster()} to {@code scratch.packed()}: the compressed length, less than a cluster's. */
    static int compress(RequestScratch scratch, int compressionType, int clusterSize) {
        ByteBuffer in = scratch.clusterView().clear();
        ByteBuffer out = scratch.packedView().clear();
        int length = compressionType == Qcow2Header.COMPRESSION_ZSTD
                ? zstd(scratch.zstdCompressor(), in, out)
                : deflate(scratch.deflater(), in, out);
        return length < clusterSize ? length : INCOMPRESSIBLE;
    }

    private static int zstd(ZstdCompressor compressor, ByteBuffer in, ByteBuffer out) {
        compressor.compress(in, out);
        return out.position();
    }

    private static int deflate(Deflater deflater, ByteBuffer in, ByteBuffer out) {
        deflater.reset();
        deflater.setInput(in);
        deflater.finish();
        int length = deflater.deflate(out);
        return deflater.finished() ? length : out.capacity();
    }
}

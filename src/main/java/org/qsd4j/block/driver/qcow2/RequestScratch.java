package org.qsd4j.block.driver.qcow2;

import io.airlift.compress.zstd.ZstdCompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.nio.ByteBuffer;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThreadConfined;
import org.qsd4j.sys.NativeBuffer;

/** What a request needs besides its buffer; one a thread and image, so that requests allocate nothing. */
@IoThreadConfined
final class RequestScratch {
    final Mapping reading = new Mapping();
    final Mapping writing = new Mapping();
    final Mapping probing = new Mapping();
    final AllocationPlan plan = new AllocationPlan();

    /** Why the last load of a slice gave none: -errno, or 0 if its table doesn't exist. */
    int error;

    /** The cluster that {@link #cluster} holds decompressed, as its L2 entry and the image's count of freed ones. */
    long clusterEntry;

    int clusterGeneration;

    private final ClusterGeometry geometry;
    private @Nullable NativeBuffer slice;
    private @Nullable NativeBuffer cluster;
    private @Nullable ByteBuffer clusterView;
    private @Nullable NativeBuffer compressed;
    private @Nullable ByteBuffer compressedView;
    private @Nullable Inflater inflater;
    private @Nullable ZstdDecompressor zstd;
    private @Nullable NativeBuffer packed;
    private @Nullable ByteBuffer packedView;
    private @Nullable Deflater deflater;
    private @Nullable ZstdCompressor zstdCompressor;
    private @Nullable NativeBuffer zeroes;
    private @Nullable NativeBuffer copy;

    RequestScratch(ClusterGeometry geometry) {
        this.geometry = geometry;
    }

    /** Room for one L2 slice. */
    NativeBuffer slice() {
        if (slice == null) {
            slice = NativeBuffer.allocate(1 << geometry.sliceByteBits);
        }
        return slice;
    }

    /** Room for one decompressed cluster. */
    NativeBuffer cluster() {
        if (cluster == null) {
            cluster = NativeBuffer.allocate(geometry.clusterSize);
        }
        return cluster;
    }

    /** The memory of {@link #cluster()}, position and limit at the caller's disposal. */
    ByteBuffer clusterView() {
        if (clusterView == null) {
            clusterView = cluster().asByteBuffer(0, geometry.clusterSize);
        }
        return clusterView;
    }

    /** Room for the compressed data of a cluster: the descriptor's sector count allows twice its size. */
    NativeBuffer compressed() {
        if (compressed == null) {
            compressed = NativeBuffer.allocate(2 * geometry.clusterSize);
        }
        return compressed;
    }

    ByteBuffer compressedView() {
        if (compressedView == null) {
            compressedView = compressed().asByteBuffer(0, 2 * geometry.clusterSize);
        }
        return compressedView;
    }

    /** For raw deflate streams. */
    Inflater inflater() {
        if (inflater == null) {
            inflater = new Inflater(true);
        }
        return inflater;
    }

    ZstdDecompressor zstd() {
        if (zstd == null) {
            zstd = new ZstdDecompressor();
        }
        return zstd;
    }

    /** Where a cluster is compressed to: room for the worst that either compressor can make of it. */
    NativeBuffer packed() {
        if (packed == null) {
            packed = NativeBuffer.allocate(2 * geometry.clusterSize);
        }
        return packed;
    }

    ByteBuffer packedView() {
        if (packedView == null) {
            packedView = packed().asByteBuffer(0, 2 * geometry.clusterSize);
        }
        return packedView;
    }

    /** Makes raw deflate streams. */
    Deflater deflater() {
        if (deflater == null) {
            deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        }
        return deflater;
    }

    ZstdCompressor zstdCompressor() {
        if (zstdCompressor == null) {
            zstdCompressor = new ZstdCompressor();
        }
        return zstdCompressor;
    }

    /** Zeroes, to be written and not changed. */
    NativeBuffer zeroes(int bytes) {
        if (zeroes == null || zeroes.capacity() < bytes) {
            zeroes = NativeBuffer.allocate(bytes);
        }
        return zeroes;
    }

    /** Room for one cluster while it is copied. */
    NativeBuffer copy() {
        if (copy == null) {
            copy = NativeBuffer.allocate(geometry.clusterSize);
        }
        return copy;
    }
}

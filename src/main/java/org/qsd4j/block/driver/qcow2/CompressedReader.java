package org.qsd4j.block.driver.qcow2;

import io.airlift.compress.zstd.ZstdDecompressor;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.driver.qcow2.format.CompressedDescriptor;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * Reads compressed clusters. Each thread keeps the last one that it has decompressed, so that a sequential reader
 * decompresses every cluster once, not once a request.
 */
@ThreadSafe
final class CompressedReader {
    private final Qcow2Image image;
    private final int clusterBits;
    private final boolean zstd;

    CompressedReader(Qcow2Image image) {
        this.image = image;
        this.clusterBits = image.geometry.clusterBits;
        this.zstd = image.compressionType == Qcow2Header.COMPRESSION_ZSTD;
    }

    /** Copies a part of the cluster that {@code entry} describes; 0 or -errno. */
    int read(long entry, int inCluster, NativeBuffer buffer, int at, int bytes) {
        RequestScratch scratch = image.scratch();
        int generation = image.compressedGeneration();
        if (scratch.clusterEntry != entry || scratch.clusterGeneration != generation) {
            scratch.clusterEntry = 0;
            int result = decompress(entry, scratch);
            if (result < 0) {
                return result;
            }
            scratch.clusterEntry = entry;
            scratch.clusterGeneration = generation;
        }
        buffer.copyFrom(at, scratch.cluster(), inCluster, bytes);
        return 0;
    }

    private int decompress(long entry, RequestScratch scratch) {
        long hostOffset = CompressedDescriptor.hostOffset(entry, clusterBits);
        int bytes = CompressedDescriptor.bytes(entry, clusterBits);
        image.file.debugEvent(BlkdebugEvent.READ_COMPRESSED);
        int result = TableIo.read(image.file, hostOffset, scratch.compressed(), 0, bytes);
        if (result < 0) {
            return result;
        }
        boolean whole = zstd ? unzstd(scratch, bytes) : inflate(scratch, bytes);
        return whole ? 0 : -Errno.EIO;
    }

    private static boolean inflate(RequestScratch scratch, int bytes) {
        Inflater inflater = scratch.inflater();
        inflater.reset();
        inflater.setInput(scratch.compressedView().limit(bytes).position(0));
        ByteBuffer out = scratch.clusterView().clear();
        try {
            while (out.hasRemaining()) {
                if (inflater.inflate(out) == 0) {
                    return false;
                }
            }
            return true;
        } catch (DataFormatException e) {
            return false;
        }
    }

    private static boolean unzstd(RequestScratch scratch, int bytes) {
        ByteBuffer out = scratch.clusterView().clear();
        ZstdDecompressor decompressor = scratch.zstd();
        int at = 0;
        try {
            while (out.hasRemaining()) {
                int frame = ZstdFrames.frameLength(scratch.compressed(), at, bytes);
                if (frame < 0) {
                    return false;
                }
                int before = out.position();
                decompressor.decompress(
                        scratch.compressedView().limit(at + frame).position(at), out);
                at += frame;
                if (out.position() == before && at >= bytes) {
                    return false;
                }
            }
            return true;
        } catch (RuntimeException e) {
            // The decoder's word for every kind of malformed stream.
            return false;
        }
    }
}

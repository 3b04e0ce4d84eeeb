package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.driver.qcow2.format.CompressedDescriptor;
import org.qsd4j.block.driver.qcow2.format.L2Entry;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * Writes clusters compressed. Like every allocation: counted, written, and only then linked. Callers are inside the image's
 * {@link GracePeriod}. QEMU: {@code qcow2_co_pwritev_compressed_part}.
 */
@ThreadSafe
final class CompressedWriter {
    private final Qcow2Image image;
    private final ClusterGeometry geometry;
    private final ClusterMapper mapper;
    private final Qcow2Writer writer;

    CompressedWriter(Qcow2Image image, ClusterMapper mapper, Qcow2Writer writer) {
        this.image = image;
        this.geometry = image.geometry;
        this.mapper = mapper;
        this.writer = writer;
    }

    /**
     * Writes whole clusters; the last may end with the disk. A cluster that doesn't get smaller is written as it is, and
     * so is every one of an encrypted image: the format encrypts no compressed cluster, and QEMU writes them in the clear.
     *
     * @return 0 or -errno: EINVAL if the range isn't whole clusters, EIO if one of them holds something already
     */
    int write(long guestOffset, NativeBuffer buffer, int at, int bytes) {
        if (image.hasDataFile) {
            return -Errno.ENOTSUP;
        }
        long end = guestOffset + bytes;
        if (!geometry.isClusterAligned(guestOffset) || (!geometry.isClusterAligned(end) && end != image.diskLength())) {
            return -Errno.EINVAL;
        }
        if (image.guestData.isEncrypted()) {
            return writer.write(guestOffset, buffer, at, bytes);
        }
        RequestScratch scratch = image.scratch();
        for (int done = 0; done < bytes; done += geometry.clusterSize) {
            int length = Math.min(bytes - done, geometry.clusterSize);
            int result = writeCluster(guestOffset + done, buffer, at + done, length, scratch);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }

    private int writeCluster(long guestOffset, NativeBuffer buffer, int at, int bytes, RequestScratch scratch) {
        NativeBuffer cluster = scratch.cluster();
        scratch.clusterEntry = 0;
        cluster.copyFrom(0, buffer, at, bytes);
        cluster.zero(bytes, geometry.clusterSize - bytes);
        int compressed = ClusterCompression.compress(scratch, image.compressionType, geometry.clusterSize);
        if (compressed == ClusterCompression.INCOMPRESSIBLE) {
            return writer.write(guestOffset, buffer, at, bytes);
        }
        int pressure = image.relieve();
        if (pressure < 0) {
            return pressure;
        }
        long number = guestOffset >>> geometry.clusterBits;
        image.claims().claim(number, number + 1);
        try {
            return writeClaimed(guestOffset, compressed, scratch);
        } finally {
            image.claims().release(number, number + 1);
        }
    }

    private int writeClaimed(long guestOffset, int bytes, RequestScratch scratch) {
        long host = allocate(guestOffset, bytes, scratch);
        if (host < 0) {
            return (int) host;
        }
        int result = image.checkOverlap(host, bytes);
        if (result == 0) {
            image.file.debugEvent(BlkdebugEvent.WRITE_COMPRESSED);
            result = image.file.write(host, scratch.packed(), 0, bytes, 0);
        }
        if (result == 0) {
            result = link(guestOffset, host, bytes, scratch);
        }
        if (result < 0) {
            image.metadataLock.lock();
            try {
                image.packedSpace().giveBack(host, bytes);
            } finally {
                image.metadataLock.unlock();
            }
        }
        return result;
    }

    private long allocate(long guestOffset, int bytes, RequestScratch scratch) {
        Mapping mapping = scratch.writing;
        int result = mapper.map(guestOffset, 1, mapping);
        if (result < 0) {
            return result;
        }
        if (mapping.type == Mapping.INVALID) {
            return InvalidEntry.onWrite(image, mapping, guestOffset);
        }
        if (mapping.type != Mapping.UNALLOCATED && mapping.type != Mapping.ZERO_PLAIN) {
            return -Errno.EIO;
        }
        if (image.l2Tables().lockForChange(guestOffset, scratch) == null) {
            return scratch.error;
        }
        try {
            return image.packedSpace().allocate(bytes);
        } finally {
            image.metadataLock.unlock();
        }
    }

    private int link(long guestOffset, long host, int bytes, RequestScratch scratch) {
        L2Slice slice = image.l2Tables().lockForChange(guestOffset, scratch);
        if (slice == null) {
            return scratch.error;
        }
        try {
            image.file.debugEvent(BlkdebugEvent.L2_UPDATE_COMPRESSED);
            long entry = L2Entry.compressed(CompressedDescriptor.of(host, bytes, geometry.clusterBits));
            int index = geometry.indexInSlice(guestOffset);
            if (geometry.extendedL2) {
                slice.setExtended(index, entry, 0);
            } else {
                slice.set(index, entry);
            }
            image.l2Cache().markDirty(slice);
            return 0;
        } finally {
            image.metadataLock.unlock();
        }
    }
}

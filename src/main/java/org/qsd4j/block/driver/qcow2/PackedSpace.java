package org.qsd4j.block.driver.qcow2;

import org.qsd4j.block.driver.qcow2.format.CompressedDescriptor;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.Errno;

/**
 * Room for compressed data, to the byte: one piece follows another within a cluster and across to the next, and each
 * counts as a reference to the clusters that it touches. QEMU: {@code qcow2_alloc_bytes}. Everything here is under the
 * image's metadata lock.
 */
final class PackedSpace {
    private static final long NONE = 0;

    private final Qcow2Image image;
    private final ClusterGeometry geometry;
    private final ClusterAllocator allocator;
    private final Refcounts refcounts;

    /** Where the next piece goes, inside a cluster that has room left; or NONE. */
    private long next = NONE;

    PackedSpace(Qcow2Image image, ClusterAllocator allocator, Refcounts refcounts) {
        this.image = image;
        this.geometry = image.geometry;
        this.allocator = allocator;
        this.refcounts = refcounts;
    }

    /** Place for {@code bytes}, less than a cluster: its host offset, or -errno. */
    long allocate(int bytes) {
        image.file.debugEvent(BlkdebugEvent.CLUSTER_ALLOC_BYTES);
        long offset = next != NONE && takesAnother(next) ? next : NONE;
        long room = offset == NONE ? 0 : geometry.clusterEnd(offset) - offset;
        if (bytes <= room) {
            int result = refcounts.change(cluster(offset), 1);
            return result < 0 ? result : taken(offset, bytes);
        }
        long fresh = allocator.findAndTake(1);
        if (fresh < 0) {
            return fresh;
        }
        if (offset != NONE && geometry.clusterEnd(offset) == fresh) {
            int result = refcounts.change(cluster(offset), 1);
            if (result < 0) {
                allocator.giveBack(fresh, 1);
                return result;
            }
        } else {
            offset = fresh;
        }
        return taken(offset, bytes);
    }

    /** One whose refcount is at its limit can't be shared any further. */
    private boolean takesAnother(long offset) {
        long refcount = refcounts.get(cluster(offset));
        return refcount > 0 && refcount < refcounts.maxRefcount();
    }

    private long taken(long offset, int bytes) {
        long end = offset + bytes;
        if (end > CompressedDescriptor.offsetLimit(geometry.clusterBits)) {
            giveBack(offset, bytes);
            return -Errno.EFBIG;
        }
        next = geometry.isClusterAligned(end) ? NONE : end;
        return offset;
    }

    /** Takes back what nothing has ever referred to; its place stays unused while others are in its cluster. */
    void giveBack(long offset, int bytes) {
        long first = geometry.clusterStart(offset);
        long end = geometry.clusterEnd(offset + bytes - 1);
        allocator.giveBack(first, (end - first) >>> geometry.clusterBits);
    }

    /** The cluster is free, or will be soon: it may not get compressed data. */
    void forget(long hostCluster) {
        if (next != NONE && cluster(next) == hostCluster) {
            next = NONE;
        }
    }

    private long cluster(long offset) {
        return offset >>> geometry.clusterBits;
    }
}

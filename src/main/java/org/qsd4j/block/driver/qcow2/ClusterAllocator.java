package org.qsd4j.block.driver.qcow2;

import org.qsd4j.block.driver.qcow2.format.RefcountBlock;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.Errno;

/**
 * Finds free host clusters and counts them as used. Everything here is under the image's metadata lock, and in memory:
 * what it does becomes durable before anything on disk refers to the clusters (see {@link MetadataWriteback}).
 */
final class ClusterAllocator {
    /** Offsets in L1 and L2 entries have 56 bits. */
    private static final long MAX_HOST_OFFSET = 1L << 56;

    private final Qcow2Image image;
    private final ClusterGeometry geometry;
    private final Refcounts refcounts;

    /** No cluster below is free. */
    private long searchFrom;

    /** No cluster from here on has ever been written: it reads as zeroes. */
    private long virginFrom;

    private long allocated;
    private boolean virgin;

    ClusterAllocator(Qcow2Image image, Refcounts refcounts) {
        this.image = image;
        this.geometry = image.geometry;
        this.refcounts = refcounts;
        restart();
    }

    /** The refcounts have been made anew; a cluster that has been written stays so, whatever the file's length says. */
    void restart() {
        searchFrom = 0;
        virginFrom = Math.max(virginFrom, geometry.clustersFor(image.file.node().length()));
    }

    /** How many clusters the last {@link #allocate} has given. */
    long allocated() {
        return allocated;
    }

    /** Whether the guest would see zeroes in the clusters of the last {@link #allocate}: they have never been written. */
    boolean isVirgin() {
        return virgin && !image.guestData.isEncrypted();
    }

    /** One cluster for a table, or -errno. {@code purpose} is what an error calls it. */
    long allocateTable(String purpose) {
        long place = allocate(1);
        if (place < 0) {
            return place;
        }
        int result = checkTable(place >>> geometry.clusterBits, 1, purpose);
        if (result < 0) {
            giveBack(place, 1);
            return result;
        }
        return place;
    }

    /**
     * Contiguous clusters, at least one and at most {@code wanted}: the host offset of the first, or -errno. Whoever
     * writes to them checks first that no metadata stands there ({@link Qcow2Image#checkOverlap}).
     */
    long allocate(long wanted) {
        image.file.debugEvent(BlkdebugEvent.CLUSTER_ALLOC);
        return findAndTake(wanted);
    }

    /** {@link #allocate}, but for whoever gives the place another name. */
    long findAndTake(long wanted) {
        long first = -1;
        long count = 0;
        long cluster = searchFrom;
        while (count < wanted) {
            int state = probe(cluster, count > 0);
            if (state == FREE) {
                first = count == 0 ? cluster : first;
                count++;
            } else if (count > 0) {
                break;
            } else if (state < 0) {
                return state;
            }
            cluster++;
        }
        return take(first, count);
    }

    /** Exactly {@code count} contiguous clusters for a table: the host offset of the first, or -errno. */
    long allocateExactly(long count) {
        image.file.debugEvent(BlkdebugEvent.CLUSTER_ALLOC);
        long first = -1;
        long run = 0;
        long counted = refcounts.endOfCounted();
        for (long cluster = searchFrom; run < count && cluster < counted; cluster++) {
            int state = probe(cluster, true);
            if (state < 0) {
                return state;
            }
            if (state == FREE) {
                first = run == 0 ? cluster : first;
                run++;
            } else {
                run = 0;
            }
        }
        if (run < count) {
            return allocateBehindEverything(count);
        }
        int result = checkTable(first, count, "L1 table");
        return result < 0 ? result : take(first, count);
    }

    private long allocateBehindEverything(long count) {
        // A table that grows takes room itself, which the second look counts in.
        for (int attempt = 0; refcounts.entriesToReserve(count) > refcounts.tableLength(); attempt++) {
            int result = attempt < 3 ? refcounts.growTable(refcounts.entriesToReserve(count)) : -Errno.EFBIG;
            if (result < 0) {
                return result;
            }
        }
        long first = refcounts.reserveBehindEverything(count);
        allocated = count;
        virgin = first >= virginFrom;
        virginFrom = Math.max(virginFrom, first + count);
        return first << geometry.clusterBits;
    }

    private static final int FREE = 0;
    private static final int USED = 1;

    /** FREE, USED or -errno. A missing refcount block is made at the cluster, unless a run is being collected. */
    private int probe(long cluster, boolean inRun) {
        long index = cluster >>> geometry.refcountBlockBits;
        if (index >= refcounts.tableLength()) {
            if (inRun) {
                return USED;
            }
            int result = refcounts.growTable(index + 1);
            if (result < 0) {
                return result;
            }
        }
        if (!refcounts.hasBlock((int) index)) {
            if (!inRun) {
                int result = checkLimit(cluster, 1, geometry.clusterBits);
                if (result == 0) {
                    result = checkTable(cluster, 1, "refcount block");
                }
                if (result < 0) {
                    return result;
                }
                refcounts.createBlock((int) index, cluster);
                virginFrom = Math.max(virginFrom, cluster + 1);
            }
            return USED;
        }
        CachedRefcountBlock block = refcounts.block((int) index);
        if (block == null) {
            return -Errno.EIO;
        }
        int entry = (int) cluster & ((1 << geometry.refcountBlockBits) - 1);
        return RefcountBlock.get(block.bytes, entry, geometry.refcountOrder) == 0 ? FREE : USED;
    }

    private long take(long first, long count) {
        int result = checkLimit(first, count, geometry.clusterBits);
        if (result < 0) {
            return result;
        }
        for (long i = 0; i < count; i++) {
            result = refcounts.change(first + i, 1);
            if (result < 0) {
                giveBack(first << geometry.clusterBits, i);
                return result;
            }
        }
        searchFrom = first + count;
        allocated = count;
        virgin = first >= virginFrom;
        virginFrom = Math.max(virginFrom, first + count);
        return first << geometry.clusterBits;
    }

    private static int checkLimit(long first, long count, int clusterBits) {
        return first + count > MAX_HOST_OFFSET >>> clusterBits ? -Errno.EFBIG : 0;
    }

    /** A free cluster that metadata stands in: the refcounts are wrong, and using it would destroy the image. */
    private int checkTable(long first, long count, String purpose) {
        if (first == 0 && image.metadataClusters().classOf(0) != 0) {
            return image.corruption.signal(true, -1, -1, "Preventing invalid allocation of %s at offset 0", purpose);
        }
        return image.checkOverlap(first << geometry.clusterBits, count << geometry.clusterBits);
    }

    /** Takes back an allocation that nothing has ever referred to. */
    void giveBack(long hostOffset, long count) {
        long first = hostOffset >>> geometry.clusterBits;
        for (long i = 0; i < count; i++) {
            release(first + i);
        }
    }

    /** Takes a reference off a cluster. A refcount that is 0 already stays: whoever finds it leaked is better off. */
    void release(long cluster) {
        if (refcounts.change(cluster, -1) == 0 && refcounts.get(cluster) == 0) {
            image.packedSpace().forget(cluster);
            searchFrom = Math.min(searchFrom, cluster);
        }
    }
}

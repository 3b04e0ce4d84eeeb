package org.qsd4j.block.driver.qcow2;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.gen.BlkdebugEvent;

/**
 * The way of a cluster from its last reference to the free ones: unlinked in memory (pending), unlinked on stable storage
 * (limbo), out of every request's hands ({@link GracePeriod}), discarded from the file if that is wanted, and only then
 * counted down, so that the allocator can give it away. At no time can a hole be punched into a cluster that has a new
 * owner, nor can a request of the old owner reach the new one's data, nor is there a moment on disk at which a cluster has
 * two owners.
 */
@ThreadSafe
final class ClusterRelease {
    /** So much unreleased space asks for a write-back, even if the guest never flushes. */
    private static final long BACKLOG_BYTES = 64L << 20;

    private static final long MIN_BACKLOG_CLUSTERS = 256;

    private final Qcow2Image image;
    private FreedClusters pending = new FreedClusters();
    private final ArrayDeque<FreedClusters> limbo = new ArrayDeque<>();
    private volatile boolean hasLimbo;

    ClusterRelease(Qcow2Image image) {
        this.image = image;
    }

    /** Clusters lose a reference. Under the metadata lock, after the table in memory has lost it. */
    void free(long hostOffset, long count, boolean discard) {
        image.file.debugEvent(BlkdebugEvent.CLUSTER_FREE);
        pending.add(hostOffset, count, image.geometry.clusterBits, discard);
    }

    /** Compressed data loses its reference: each cluster that it touches. Under the metadata lock. */
    void freeCompressed(long hostOffset, long bytes, boolean discard) {
        image.file.debugEvent(BlkdebugEvent.CLUSTER_FREE);
        long start = image.geometry.clusterStart(hostOffset);
        long end = image.geometry.clusterEnd(hostOffset + bytes - 1);
        pending.hasCompressed = true;
        pending.add(start, (end - start) >>> image.geometry.clusterBits, image.geometry.clusterBits, discard);
    }

    /** So much waits for a write-back that one should be made. Under the metadata lock. */
    boolean isBacklogged() {
        return pending.clusters() > Math.max(MIN_BACKLOG_CLUSTERS, BACKLOG_BYTES >>> image.geometry.clusterBits);
    }

    /** All of these lose a reference, as by {@link #free}. Under the metadata lock. */
    void freeAll(FreedClusters freed) {
        pending.addAll(freed, image.geometry.clusterBits);
    }

    /** Whether something still waits for a write-back or for requests to end. Under the metadata lock. */
    boolean hasWork() {
        return hasLimbo || !pending.isEmpty();
    }

    /** What has been freed up to now, for a write-back. Under the metadata lock. */
    FreedClusters take() {
        FreedClusters taken = pending;
        pending = new FreedClusters();
        return taken;
    }

    /** The write-back has failed. Under the metadata lock. */
    void restore(FreedClusters taken) {
        taken.addAll(pending, image.geometry.clusterBits);
        pending = taken;
    }

    /** The write-back has succeeded: nothing on disk refers to these any more. Under the metadata lock. */
    void enterLimbo(FreedClusters taken) {
        if (!taken.isEmpty()) {
            taken.ticket = image.gracePeriod.start();
            limbo.add(taken);
            hasLimbo = true;
        }
    }

    /** Releases what nobody can be using any more. Without the metadata lock; never waits for requests. */
    void releaseDue() {
        while (hasLimbo) {
            FreedClusters due = pollDue();
            if (due == null) {
                return;
            }
            discard(due);
            countDown(due);
        }
    }

    private @Nullable FreedClusters pollDue() {
        image.metadataLock.lock();
        try {
            FreedClusters head = limbo.peek();
            if (head == null || !image.gracePeriod.hasPassed(head.ticket)) {
                return null;
            }
            limbo.remove();
            hasLimbo = !limbo.isEmpty();
            return head;
        } finally {
            image.metadataLock.unlock();
        }
    }

    /** The clusters are still counted: nobody else can get them meanwhile. A failed discard only costs space. */
    private void discard(FreedClusters due) {
        int bits = image.geometry.clusterBits;
        for (int run = 0; run < due.size(); run++) {
            if (!due.discard(run)) {
                continue;
            }
            long first = due.offset(run) >>> bits;
            long end = first + due.count(run);
            while (first < end) {
                long stop = first;
                while (stop < end && isLastReference(stop)) {
                    stop++;
                }
                if (stop > first) {
                    image.file.discard(first << bits, (stop - first) << bits);
                }
                first = stop + 1;
            }
        }
    }

    /** If so, no compressed data comes to it any more: what is about to be discarded must not get a new user. */
    private boolean isLastReference(long cluster) {
        image.metadataLock.lock();
        try {
            boolean last = image.refcounts().get(cluster) == 1;
            if (last) {
                image.packedSpace().forget(cluster);
            }
            return last;
        } finally {
            image.metadataLock.unlock();
        }
    }

    private void countDown(FreedClusters due) {
        image.metadataLock.lock();
        try {
            if (due.hasCompressed) {
                image.invalidateDecompressed();
            }
            for (int run = 0; run < due.size(); run++) {
                image.allocator().giveBack(due.offset(run), due.count(run));
            }
        } finally {
            image.metadataLock.unlock();
        }
    }
}

package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.driver.qcow2.format.L2Entry;
import org.qsd4j.block.driver.qcow2.format.SubclusterBitmap;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.NativeBuffer;

/**
 * Writes guest data. What has its own cluster already is written in place, without a lock; everything else claims its
 * guest clusters, allocates under the metadata lock, writes and copies outside it, and links under it again. Callers are
 * inside the image's {@link GracePeriod}.
 */
@ThreadSafe
final class Qcow2Writer {
    /** The longest run that one allocation covers. */
    private static final long MAX_RUN = 8L << 20;

    private final Qcow2Image image;
    private final ClusterGeometry geometry;
    private final ClusterMapper mapper;
    private final CopyOnWrite copyOnWrite;

    Qcow2Writer(Qcow2Image image, ClusterMapper mapper, CopyOnWrite copyOnWrite) {
        this.image = image;
        this.geometry = image.geometry;
        this.mapper = mapper;
        this.copyOnWrite = copyOnWrite;
    }

    /** Writes a range inside the disk; 0 or -errno. */
    int write(long guestOffset, NativeBuffer buffer, int at, int bytes) {
        RequestScratch scratch = image.scratch();
        Mapping mapping = scratch.writing;
        int done = 0;
        while (done < bytes) {
            int result = mapper.map(guestOffset + done, bytes - done, mapping);
            if (result < 0) {
                return result;
            }
            int written = mapping.type == Mapping.DATA && mapping.copied
                    ? writeInPlace(mapping, guestOffset + done, buffer, at + done)
                    : writeAllocating(guestOffset + done, buffer, at + done, bytes - done, scratch);
            if (written < 0) {
                return written;
            }
            done += written;
        }
        return 0;
    }

    private int writeInPlace(Mapping mapping, long guestOffset, NativeBuffer buffer, int at) {
        int run = mapping.intBytes();
        int result = image.checkOverlap(mapping.hostOffset, run);
        if (result == 0) {
            image.data.debugEvent(BlkdebugEvent.WRITE_AIO);
            result = image.guestData.write(mapping.hostOffset, guestOffset, buffer, at, run);
        }
        return result < 0 ? result : run;
    }

    /** One step: how many bytes it has written (0: look again, the clusters are there now), or -errno. */
    private int writeAllocating(long guestOffset, NativeBuffer buffer, int at, int bytes, RequestScratch scratch) {
        int pressure = image.relieve();
        if (pressure < 0) {
            return pressure;
        }
        long sliceEnd = (image.geometry.sliceOf(guestOffset) + 1) << (geometry.clusterBits + geometry.sliceBits);
        long end = Math.min(guestOffset + Math.min(bytes, MAX_RUN), sliceEnd);
        long first = guestOffset >>> geometry.clusterBits;
        long stop = geometry.clustersFor(end);
        image.claims().claim(first, stop);
        try {
            return writeClaimed(guestOffset, end, buffer, at, scratch);
        } finally {
            image.claims().release(first, stop);
        }
    }

    private int writeClaimed(long guestOffset, long end, NativeBuffer buffer, int at, RequestScratch scratch) {
        AllocationPlan plan = scratch.plan;
        int result = plan(guestOffset, end, scratch, plan);
        if (result <= 0) {
            return result;
        }
        result = allocate(plan, scratch);
        if (result < 0) {
            return result;
        }
        result = image.checkOverlap(hostOf(plan, plan.writeStart), plan.bytes());
        if (result == 0) {
            result = copyOnWrite.writeRun(plan, buffer, at, scratch);
        }
        if (result == 0) {
            result = link(plan, scratch);
        }
        if (result < 0) {
            undo(plan);
            return result;
        }
        return plan.bytes();
    }

    private long hostOf(AllocationPlan plan, long guestOffset) {
        return plan.hostOffset + (guestOffset - geometry.clusterStart(plan.writeStart));
    }

    /** 1: the plan is made, all but the place of new clusters; 0: nothing to allocate; or -errno. */
    private int plan(long guestOffset, long end, RequestScratch scratch, AllocationPlan plan) {
        Mapping mapping = scratch.writing;
        int result = mapper.map(guestOffset, end - guestOffset, mapping);
        if (result < 0) {
            return result;
        }
        if (mapping.type == Mapping.INVALID) {
            return InvalidEntry.onWrite(image, mapping, guestOffset);
        }
        if (mapping.type == Mapping.DATA && mapping.copied) {
            return 0;
        }
        plan.writeStart = guestOffset;
        plan.newClusters = !isOwned(mapping);
        if (plan.newClusters) {
            planNew(guestOffset, end, mapping, scratch, plan);
        } else {
            plan.hostOffset = mapping.hostOffset - geometry.offsetInCluster(guestOffset);
            plan.writeEnd = guestOffset + mapping.bytes;
            plan.virgin = false;
            plan.keepsSubclusters = true;
            setFill(plan);
        }
        return 1;
    }

    /** Whether the cluster's place in the data file belongs to this guest cluster alone. */
    private static boolean isOwned(Mapping mapping) {
        return (mapping.type == Mapping.ZERO_ALLOCATED || mapping.type == Mapping.UNALLOCATED_PLACED) && mapping.copied;
    }

    private void planNew(long guestOffset, long end, Mapping mapping, RequestScratch scratch, AllocationPlan plan) {
        boolean unplaced = mapping.type == Mapping.UNALLOCATED || mapping.type == Mapping.ZERO_PLAIN;
        plan.keepsSubclusters = unplaced;
        if (geometry.extendedL2 && !unplaced) {
            // All of the old cluster has to move; one at a time, since their subclusters differ.
            plan.writeEnd = Math.min(end, geometry.clusterEnd(guestOffset));
            plan.fillStart = geometry.clusterStart(guestOffset);
            plan.fillEnd = geometry.clusterEnd(guestOffset);
            return;
        }
        long runEnd = guestOffset + mapping.bytes;
        Mapping next = scratch.probing;
        while (runEnd < end) {
            if (!geometry.isClusterAligned(runEnd)) {
                // Within a cluster only subclusters of an extended entry differ; the cluster is unplaced as a whole.
                runEnd = Math.min(end, geometry.clusterEnd(runEnd));
                continue;
            }
            if (mapper.map(runEnd, end - runEnd, next) < 0 || !needsNewCluster(next, unplaced)) {
                break;
            }
            runEnd += next.bytes;
        }
        plan.writeEnd = Math.min(runEnd, end);
        setFill(plan);
    }

    private boolean needsNewCluster(Mapping mapping, boolean unplacedOnly) {
        if (mapping.type == Mapping.INVALID) {
            return false;
        }
        boolean unplaced = mapping.type == Mapping.UNALLOCATED || mapping.type == Mapping.ZERO_PLAIN;
        if (geometry.extendedL2 && unplacedOnly) {
            return unplaced;
        }
        return unplaced || !mapping.copied;
    }

    /** The fill goes to the borders of the (sub)clusters that the write's ends lie in. */
    private void setFill(AllocationPlan plan) {
        long mask = -(long) geometry.subclusterSize;
        plan.fillStart = plan.writeStart & mask;
        plan.fillEnd = (plan.writeEnd + geometry.subclusterSize - 1) & mask;
    }

    private int allocate(AllocationPlan plan, RequestScratch scratch) {
        L2Slice slice = image.l2Tables().lockForChange(plan.writeStart, scratch);
        if (slice == null) {
            return scratch.error;
        }
        try {
            if (!plan.newClusters) {
                return 0;
            }
            long start = geometry.clusterStart(plan.writeStart);
            if (image.hasDataFile) {
                plan.hostOffset = start;
                plan.virgin = false;
                return 0;
            }
            long wanted = geometry.clustersFor(plan.fillEnd - start);
            long host = image.allocator().allocate(wanted);
            if (host < 0) {
                return (int) host;
            }
            plan.hostOffset = host;
            plan.virgin = image.allocator().isVirgin();
            if (image.allocator().allocated() < wanted) {
                plan.writeEnd =
                        Math.min(plan.writeEnd, start + (image.allocator().allocated() << geometry.clusterBits));
                plan.fillEnd = Math.min(plan.fillEnd, start + (image.allocator().allocated() << geometry.clusterBits));
            }
            return 0;
        } finally {
            image.metadataLock.unlock();
        }
    }

    private int link(AllocationPlan plan, RequestScratch scratch) {
        L2Slice slice = image.l2Tables().lockForChange(plan.writeStart, scratch);
        if (slice == null) {
            return scratch.error;
        }
        try {
            long host = plan.hostOffset;
            for (long guest = geometry.clusterStart(plan.writeStart);
                    guest < plan.fillEnd;
                    guest += geometry.clusterSize) {
                linkCluster(slice, guest, host, plan, scratch.probing);
                host += geometry.clusterSize;
            }
            image.l2Cache().markDirty(slice);
            return 0;
        } finally {
            image.metadataLock.unlock();
        }
    }

    private void linkCluster(L2Slice slice, long guest, long host, AllocationPlan plan, Mapping old) {
        int index = geometry.indexInSlice(guest);
        if (!geometry.extendedL2) {
            long entry = slice.entry(index);
            slice.set(index, L2Entry.copied(host));
            if (plan.newClusters) {
                freeOld(entry);
            }
            return;
        }
        slice.extendedEntry(index, old);
        int first = (int) ((Math.max(plan.fillStart, guest) - guest) >> geometry.subclusterBits);
        int end = (int) ((Math.min(plan.fillEnd, guest + geometry.clusterSize) - guest) >> geometry.subclusterBits);
        long kept = plan.keepsSubclusters ? old.bitmap : 0;
        slice.setExtended(index, L2Entry.copied(host), SubclusterBitmap.allocate(kept, first, end));
        if (plan.newClusters) {
            freeOld(old.entry);
        }
    }

    /** The entry has been replaced in memory: whatever it referred to loses a reference. */
    private void freeOld(long entry) {
        image.freeEntry(entry, image.options.passDiscardOther());
    }

    private void undo(AllocationPlan plan) {
        if (plan.newClusters && !image.hasDataFile) {
            image.metadataLock.lock();
            try {
                long start = geometry.clusterStart(plan.writeStart);
                image.allocator().giveBack(plan.hostOffset, geometry.clustersFor(plan.fillEnd - start));
            } finally {
                image.metadataLock.unlock();
            }
        }
    }
}

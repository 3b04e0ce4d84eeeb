package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockChild;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.NativeBuffer;

/**
 * Writes the guest's data to clusters that nobody sees yet, and fills the rest of the first and the last (sub)cluster with
 * what the guest sees there now. No lock is held; the plan's guest clusters are claimed.
 */
@ThreadSafe
final class CopyOnWrite {
    private final Qcow2Image image;
    private final ClusterGeometry geometry;
    private final ClusterMapper mapper;
    private final Qcow2Reader reader;

    CopyOnWrite(Qcow2Image image, ClusterMapper mapper, Qcow2Reader reader) {
        this.image = image;
        this.geometry = image.geometry;
        this.mapper = mapper;
        this.reader = reader;
    }

    /** 0 or -errno. */
    int writeRun(AllocationPlan plan, NativeBuffer buffer, int at, RequestScratch scratch) {
        boolean fillHead = needsFill(plan, plan.fillStart, plan.writeStart, scratch);
        boolean fillTail = needsFill(plan, plan.writeEnd, plan.fillEnd, scratch);
        int result;
        if ((fillHead || fillTail) && plan.fillEnd - plan.fillStart <= geometry.clusterSize) {
            return writeMerged(plan, buffer, at, scratch);
        }
        result = fillHead ? copy(plan, plan.fillStart, plan.writeStart, scratch) : 0;
        if (result == 0) {
            image.data.debugEvent(BlkdebugEvent.WRITE_AIO);
            result = write(plan, plan.writeStart, buffer, at, plan.bytes());
        }
        if (result == 0 && fillTail) {
            result = copy(plan, plan.writeEnd, plan.fillEnd, scratch);
        }
        return result;
    }

    private int write(AllocationPlan plan, long guestOffset, NativeBuffer buffer, int at, int bytes) {
        return image.guestData.write(hostOf(plan, guestOffset), guestOffset, buffer, at, bytes);
    }

    private long hostOf(AllocationPlan plan, long guestOffset) {
        return plan.hostOffset + (guestOffset - geometry.clusterStart(plan.writeStart));
    }

    /** Zeroes needn't be written over zeroes. */
    private boolean needsFill(AllocationPlan plan, long from, long end, RequestScratch scratch) {
        return from < end && !(plan.virgin && readsAsZeroes(from, end, scratch));
    }

    /** Whether the guest sees zeroes there, as far as that can be told without reading data. */
    boolean readsAsZeroes(long from, long end, RequestScratch scratch) {
        Mapping mapping = scratch.probing;
        for (long at = from; at < end; at += mapping.bytes) {
            if (mapper.map(at, end - at, mapping) < 0) {
                return false;
            }
            boolean unallocated = mapping.type == Mapping.UNALLOCATED || mapping.type == Mapping.UNALLOCATED_PLACED;
            if (!mapping.readsAsZeroes() && !(unallocated && isBehindBacking(at))) {
                return false;
            }
        }
        return true;
    }

    private boolean isBehindBacking(long guestOffset) {
        BlockChild backing = image.backing();
        return backing == null || guestOffset >= backing.node().length();
    }

    /** Head, data and tail fit in one cluster: one write. */
    private int writeMerged(AllocationPlan plan, NativeBuffer buffer, int at, RequestScratch scratch) {
        NativeBuffer merged = scratch.copy();
        int head = (int) (plan.writeStart - plan.fillStart);
        int tail = (int) (plan.fillEnd - plan.writeEnd);
        int result = readOld(plan.fillStart, merged, 0, head);
        if (result == 0) {
            result = readOld(plan.writeEnd, merged, head + plan.bytes(), tail);
        }
        if (result < 0) {
            return result;
        }
        merged.copyFrom(head, buffer, at, plan.bytes());
        image.data.debugEvent(BlkdebugEvent.WRITE_AIO);
        image.data.debugEvent(BlkdebugEvent.COW_WRITE);
        return write(plan, plan.fillStart, merged, 0, head + plan.bytes() + tail);
    }

    private int copy(AllocationPlan plan, long from, long end, RequestScratch scratch) {
        NativeBuffer piece = scratch.copy();
        int bytes = (int) (end - from);
        int result = readOld(from, piece, 0, bytes);
        if (result < 0 || (plan.virgin && piece.isZero(0, bytes))) {
            return result;
        }
        image.data.debugEvent(BlkdebugEvent.COW_WRITE);
        return write(plan, from, piece, 0, bytes);
    }

    /** What the guest sees; behind the end of the disk, zeroes, so that nothing old shows when it grows. */
    private int readOld(long guestOffset, NativeBuffer into, int at, int bytes) {
        int inside = (int) Math.max(0, Math.min(bytes, image.diskLength() - guestOffset));
        if (inside < bytes) {
            into.zero(at + inside, bytes - inside);
        }
        if (inside == 0) {
            return 0;
        }
        image.file.debugEvent(BlkdebugEvent.COW_READ);
        return reader.read(guestOffset, into, at, inside);
    }
}

package org.qsd4j.block.driver.qcow2;

import java.util.Arrays;
import org.qsd4j.block.driver.qcow2.format.CompressedDescriptor;
import org.qsd4j.block.driver.qcow2.format.L2Entry;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * A second edition of an image's tables beside the first: refcounts, and what of the L1 and L2 tables differs. Until
 * {@link #publish} everything that is on disk stays as it is; then one write of the header, which lies in a sector,
 * replaces the first edition by the second, and only when that is durable the memory follows. So there is no moment at which refcounts, COPIED flags and snapshots
 * contradict each other, whatever interrupts the change.
 *
 * <p>A cluster that is free in the second edition was free in the first: refcounts go up, or down to 1; the last reference
 * is only taken when the first edition is gone. That is why new tables may be written anywhere that is free.
 *
 * <p>The image is drained and has been flushed. The owner holds the metadata lock from the first to the last call.
 */
final class TableEdition {
    private final Qcow2Image image;
    private final ClusterGeometry geometry;
    private final Refcounts refcounts;
    private final FreedClusters gone = new FreedClusters();

    /** The clusters in {@link #gone} that guest data or an L2 or L1 table has been in. */
    private final ReferenceCounts left = new ReferenceCounts();

    private final boolean discard;
    private final NativeBuffer oldHeader;
    private final long oldRefcountTable;
    private final long[] oldRefcounts;

    /** An L2 table, read by {@link #readTable}. */
    final NativeBuffer table;

    TableEdition(Qcow2Image image) {
        this.image = image;
        this.geometry = image.geometry;
        this.refcounts = image.refcounts();
        this.discard = image.options.passDiscardSnapshot();
        this.oldHeader = image.header().capture();
        this.oldRefcountTable = refcounts.tableOffset();
        this.oldRefcounts = refcounts.beginEdition();
        this.table = NativeBuffer.allocate(geometry.clusterSize);
    }

    /** Reads the L2 table into {@link #table}; 0 or -errno. */
    int readTable(long l2Offset) {
        return geometry.isClusterAligned(l2Offset)
                ? TableIo.read(image.file, l2Offset, table, 0, geometry.clusterSize)
                : -Errno.EIO;
    }

    /** Writes {@link #table} to a new place, which is returned; or -errno. */
    long placeTable() {
        long place = image.allocator().allocateTable("L2 table");
        if (place < 0) {
            return place;
        }
        int result = image.file.write(place, table, 0, geometry.clusterSize, 0);
        return result < 0 ? result : place;
    }

    /** Writes an L1 table (not an empty one) of whole clusters to a new place, which is returned; or -errno. */
    long placeL1(long[] entries) {
        long clusters = geometry.clustersFor((long) entries.length * Long.BYTES);
        long place = image.allocator().allocateExactly(clusters);
        if (place < 0) {
            return place;
        }
        long[] padded = Arrays.copyOf(entries, (int) (clusters << (geometry.clusterBits - 3)));
        int result = TableIo.writeWords(image.file, place, padded, 0, padded.length);
        return result < 0 ? result : place;
    }

    /** Writes a snapshot table to a new place, which is returned (0 if it has no entries); or -errno. */
    long placeSnapshots(SnapshotTable snapshots) {
        if (snapshots.entries().isEmpty()) {
            return 0;
        }
        long clusters = geometry.clustersFor(snapshots.bytes());
        long place = image.allocator().allocateExactly(clusters);
        if (place < 0) {
            return place;
        }
        int bytes = (int) (clusters << geometry.clusterBits);
        int result = image.file.write(place, SnapshotTable.encode(snapshots.entries(), bytes), 0, bytes, 0);
        return result < 0 ? result : place;
    }

    /** What an L2 entry refers to gets a reference ({@code delta} 1), or loses one (-1); 0 or -errno. */
    int refer(long entry, int delta) {
        if (L2Entry.isCompressed(entry)) {
            long host = CompressedDescriptor.hostOffset(entry, geometry.clusterBits);
            long end = host + CompressedDescriptor.bytes(entry, geometry.clusterBits);
            return refer(host, end - host, delta);
        }
        long host = L2Entry.hostOffset(entry);
        if (host == 0) {
            return 0;
        }
        return geometry.isClusterAligned(host) ? refer(host, geometry.clusterSize, delta) : -Errno.EIO;
    }

    /** Every cluster of the range gets or loses a reference; 0 or -errno. */
    int refer(long hostOffset, long bytes, int delta) {
        long end = geometry.clustersFor(hostOffset + bytes);
        for (long cluster = hostOffset >>> geometry.clusterBits; cluster < end; cluster++) {
            int result = delta < 0 && refcounts.get(cluster) == 1 ? leave(cluster) : refcounts.change(cluster, delta);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }

    private int leave(long cluster) {
        left.add(cluster);
        gone.add(cluster << geometry.clusterBits, 1, geometry.clusterBits, discard);
        return 0;
    }

    /** Whether something that the entry refers to has lost its last reference: then the refcounts were wrong. */
    boolean hasLeft(long entry) {
        if (L2Entry.isCompressed(entry)) {
            long host = CompressedDescriptor.hostOffset(entry, geometry.clusterBits);
            long last = host + CompressedDescriptor.bytes(entry, geometry.clusterBits) - 1;
            return left.get(host >>> geometry.clusterBits) != 0 || left.get(last >>> geometry.clusterBits) != 0;
        }
        return left.get(L2Entry.hostOffset(entry) >>> geometry.clusterBits) != 0;
    }

    /** Whether the cluster has one owner in this edition. */
    boolean isAlone(long hostOffset) {
        return refcounts.get(hostOffset >>> geometry.clusterBits) == 1;
    }

    /**
     * Makes this edition the image's, on stable storage and then in memory; the next flush frees the old one's places.
     *
     * @return 0; or -errno with the old edition on disk, or the image ejected, for {@link #abandon}
     */
    int publish(L1Table l1, SnapshotTable snapshots) {
        int result = refer(image.snapshots().offset(), image.snapshots().bytes(), -1);
        if (result == 0) {
            result = refcounts.placeEdition(gone);
        }
        if (result == 0) {
            result = refcounts.writeEdition();
        }
        if (result == 0) {
            result = switchHeader(l1, snapshots);
        }
        if (result < 0) {
            return result;
        }
        refcounts.endEdition();
        image.replaceL1(l1);
        image.replaceSnapshots(snapshots);
        image.release().freeAll(gone);
        image.metadataMoved();
        return 0;
    }

    /** Everything else of this edition is on stable storage. */
    private int switchHeader(L1Table l1, SnapshotTable snapshots) {
        image.header().setL1(l1.hostOffset, l1.size());
        image.header().setSnapshots(snapshots.offset(), snapshots.entries().size());
        image.file.debugEvent(BlkdebugEvent.REFBLOCK_ALLOC_SWITCH_TABLE);
        int result = writeHeader(image.header().capture());
        if (result < 0 && writeHeader(oldHeader) < 0) {
            // Either edition may be on disk: what one of them allows to be overwritten, the other may still need.
            image.eject("neither the new header nor the old one could be written");
        }
        return result;
    }

    private int writeHeader(NativeBuffer header) {
        int result = image.header().write(image.file, header);
        return result < 0 ? result : image.file.flush();
    }

    /** Forgets this edition; nothing on disk refers to it, or the image is ejected. */
    void abandon() {
        image.release().take();
        refcounts.endEdition();
        refcounts.replace(oldRefcountTable, oldRefcounts);
        image.header().restore(oldHeader);
        image.metadataMoved();
    }
}

package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.driver.qcow2.format.L1Entry;
import org.qsd4j.block.driver.qcow2.format.RefcountTableEntry;
import org.qsd4j.block.driver.qcow2.format.SnapshotEntry;
import org.qsd4j.qapi.QapiException;

/** What an image needs beyond reading, built when it is opened for writing. */
@ThreadSafe
final class ImageWriting {
    final HeaderState header;
    final MetadataClusters metadataClusters = new MetadataClusters();
    final ClusterClaims claims = new ClusterClaims();
    final Refcounts refcounts;
    final ClusterAllocator allocator;
    final PackedSpace packedSpace;
    final ClusterRelease release;
    final MetadataWriteback writeback;
    final L2Tables l2Tables;

    ImageWriting(Qcow2Image image) {
        this.header = HeaderState.of(image.metadata.header());
        this.refcounts = new Refcounts(image);
        this.allocator = new ClusterAllocator(image, refcounts);
        this.packedSpace = new PackedSpace(image, allocator, refcounts);
        this.release = new ClusterRelease(image);
        this.writeback = new MetadataWriteback(image);
        this.l2Tables = new L2Tables(image);
        registerMetadata(image);
    }

    /** Anew, where everything stands now. */
    void registerMetadata(Qcow2Image image) {
        metadataClusters.clear();
        ClusterGeometry geometry = image.geometry;
        int mask = image.options.overlapCheck();
        for (int i = 0; i < refcounts.tableLength(); i++) {
            long block = RefcountTableEntry.blockOffset(refcounts.tableEntry(i));
            register(mask, OverlapCheck.REFCOUNT_BLOCK, geometry, block, block == 0 ? 0 : 1);
        }
        L1Table l1 = image.l1();
        for (int i = 0; i < l1.size(); i++) {
            long table = L1Entry.l2TableOffset(l1.get(i));
            register(mask, OverlapCheck.ACTIVE_L2, geometry, table, table == 0 ? 0 : 1);
        }
        for (SnapshotEntry snapshot : image.snapshots().entries()) {
            register(mask, OverlapCheck.INACTIVE_L1, geometry, snapshot.l1TableOffset(), snapshot.l1Size() * 8);
        }
        if ((mask & OverlapCheck.INACTIVE_L2) != 0) {
            registerInactiveTables(image);
        }
        SnapshotTable snapshots = image.snapshots();
        register(mask, OverlapCheck.SNAPSHOT_TABLE, geometry, snapshots.offset(), snapshots.bytes());
        if (image.metadata.extensions().bitmaps() != null) {
            long directory = image.metadata.extensions().bitmaps().directoryOffset();
            long bytes = image.metadata.extensions().bitmaps().directorySize();
            register(mask, OverlapCheck.BITMAP_DIRECTORY, geometry, directory, bytes);
        }
        register(mask, OverlapCheck.ACTIVE_L1, geometry, l1.hostOffset, l1.size() * 8L);
        register(
                mask,
                OverlapCheck.REFCOUNT_TABLE,
                geometry,
                refcounts.tableOffset(),
                (long) refcounts.tableClusters() << geometry.clusterBits);
        register(mask, OverlapCheck.MAIN_HEADER, geometry, 0, 1);
    }

    private void registerInactiveTables(Qcow2Image image) {
        for (SnapshotEntry snapshot : image.snapshots().entries()) {
            long[] entries = new long[(int) snapshot.l1Size()];
            int result = TableIo.readWords(image.file, snapshot.l1TableOffset(), entries);
            if (result < 0) {
                throw QapiException.fromErrno(result, "Could not read the L1 table of snapshot '%s'", snapshot.name());
            }
            for (long entry : entries) {
                long table = L1Entry.l2TableOffset(entry) >>> image.geometry.clusterBits;
                if (table != 0 && metadataClusters.classOf(table) == 0) {
                    metadataClusters.add(table, OverlapCheck.INACTIVE_L2);
                }
            }
        }
    }

    private void register(int mask, int overlapClass, ClusterGeometry geometry, long offset, long bytes) {
        if ((mask & overlapClass) != 0 && bytes > 0) {
            long first = offset >>> geometry.clusterBits;
            long end = geometry.clustersFor(offset + bytes);
            metadataClusters.addRange(first, end - first, overlapClass);
        }
    }
}

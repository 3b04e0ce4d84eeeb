package org.qsd4j.block.driver.qcow2;

import java.util.Locale;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.driver.qcow2.format.CompressedDescriptor;
import org.qsd4j.block.driver.qcow2.format.HeaderExtensions;
import org.qsd4j.block.driver.qcow2.format.L1Entry;
import org.qsd4j.block.driver.qcow2.format.L2Entry;
import org.qsd4j.block.driver.qcow2.format.RefcountTableEntry;
import org.qsd4j.block.driver.qcow2.format.SnapshotEntry;
import org.qsd4j.block.driver.qcow2.format.SubclusterBitmap;
import org.qsd4j.sys.NativeBuffer;

/**
 * Counts every reference in an image and compares with its refcounts. The image is open and nobody writes to it. QEMU:
 * {@code qcow2_check_refcounts}.
 */
final class Qcow2Check {
    private final Qcow2Image image;
    private final ImageMetadata metadata;
    private final ClusterGeometry geometry;
    private final BlockChild file;
    private final CheckListener listener;
    private final NativeBuffer table;
    private final long fileEnd;
    final CheckResult result = new CheckResult();
    final ReferenceCounts references = new ReferenceCounts();
    final Refcounts refcounts;

    /** Those of {@link #references} that are L1 entries, active or not. */
    private final ReferenceCounts tableReferences = new ReferenceCounts();

    /** The refcount table or blocks themselves are damaged: correcting refcounts one by one won't do. */
    private boolean needsRebuild;

    /** Those of the result's corruptions that are wrong COPIED flags. */
    private int wrongCopiedFlags;

    private long highestUsed = -1;
    private long expectedHost;

    Qcow2Check(Qcow2Image image, Refcounts refcounts, CheckListener listener) {
        this.image = image;
        this.metadata = image.metadata;
        this.geometry = image.geometry;
        this.file = image.file;
        this.listener = listener;
        this.refcounts = refcounts;
        this.table = NativeBuffer.allocate(geometry.clusterSize);
        this.fileEnd = geometry.clustersFor(file.node().length());
    }

    CheckResult run() {
        countReferences();
        compare();
        checkCopiedFlags();
        result.totalClusters = geometry.clustersFor(metadata.diskSize());
        result.imageEndOffset = (highestUsed + 1) << geometry.clusterBits;
        listener.progress(1);
        return result;
    }

    private void countReferences() {
        countAllButRefcounts();
        countRefcountStructures();
    }

    boolean needsRebuild() {
        return needsRebuild;
    }

    int wrongCopiedFlags() {
        return wrongCopiedFlags;
    }

    /** Whether the cluster holds an L2 table and nothing else, so that it may be written to as one. */
    boolean isL2TableAlone(long hostCluster) {
        int count = references.get(hostCluster);
        return count > 0 && count == tableReferences.get(hostCluster);
    }

    /** Whether the active L1 table has its clusters for itself. */
    boolean isL1TableAlone() {
        L1Table l1 = image.l1();
        long first = l1.hostOffset >>> geometry.clusterBits;
        long end = geometry.clustersFor(l1.hostOffset + (long) l1.size() * Long.BYTES);
        for (long cluster = first; cluster < end; cluster++) {
            if (references.get(cluster) != 1) {
                return false;
            }
        }
        return true;
    }

    /** What new refcount structures would have to count besides themselves. */
    ReferenceCounts countAllButRefcounts() {
        countRange(0, geometry.clusterSize);
        L1Table l1 = image.l1();
        long[] entries = l1.copy(l1.size());
        countL1(l1.hostOffset, entries, true);
        SnapshotTable snapshots = image.snapshots();
        for (SnapshotEntry snapshot : snapshots.entries()) {
            long[] inactive = new long[(int) snapshot.l1Size()];
            if (TableIo.readWords(file, snapshot.l1TableOffset(), inactive) < 0) {
                result.checkErrors++;
            } else {
                countL1(snapshot.l1TableOffset(), inactive, false);
            }
        }
        countRange(snapshots.offset(), snapshots.bytes());
        HeaderExtensions.Crypto crypto = metadata.extensions().crypto();
        if (crypto != null) {
            countRange(crypto.offset(), crypto.length());
        }
        countBitmaps();
        return references;
    }

    private void countRefcountStructures() {
        countRange(refcounts.tableOffset(), (long) refcounts.tableClusters() << geometry.clusterBits);
        for (int i = 0; i < refcounts.tableLength(); i++) {
            long block = RefcountTableEntry.blockOffset(refcounts.tableEntry(i));
            if (RefcountTableEntry.hasReservedBits(refcounts.tableEntry(i))) {
                damaged("ERROR refcount table entry %d has reserved bits set", i);
            }
            if (block == 0) {
                continue;
            }
            if (!geometry.isClusterAligned(block)) {
                damaged("ERROR refcount block %d is not cluster aligned; refcount table entry corrupted", i);
            } else if (block >>> geometry.clusterBits >= fileEnd || block < 0) {
                damaged("ERROR refcount block %d is outside image", i);
            } else {
                countRange(block, geometry.clusterSize);
                if (references.get(block >>> geometry.clusterBits) != 1) {
                    damaged("ERROR refcount block %d refcount=%d", i, references.get(block >>> geometry.clusterBits));
                }
            }
        }
    }

    private void damaged(String format, Object... args) {
        needsRebuild = true;
        corrupt(format, args);
    }

    private void countBitmaps() {
        HeaderExtensions.Bitmaps extension = metadata.extensions().bitmaps();
        if (extension == null) {
            return;
        }
        countRange(extension.directoryOffset(), extension.directorySize());
        for (BitmapDirectory.Entry entry : BitmapDirectory.read(file, metadata)) {
            long bytes = entry.tableSize() * Long.BYTES;
            countRange(entry.tableOffset(), bytes);
            if (entry.tableOffset() > file.node().length()
                    || bytes > file.node().length()) {
                continue;
            }
            long[] words = new long[(int) entry.tableSize()];
            if (TableIo.readWords(file, entry.tableOffset(), words) < 0) {
                result.checkErrors++;
                continue;
            }
            for (long word : words) {
                if (L1Entry.l2TableOffset(word) != 0) {
                    countRange(L1Entry.l2TableOffset(word), geometry.clusterSize);
                }
            }
        }
    }

    private void countL1(long offset, long[] entries, boolean active) {
        countRange(offset, (long) entries.length * Long.BYTES);
        for (int i = 0; i < entries.length; i++) {
            listener.progress(active ? 0.9 * i / entries.length : 0.9);
            long l2Offset = L1Entry.l2TableOffset(entries[i]);
            if (L1Entry.hasReservedBits(entries[i])) {
                corrupt("ERROR found L1 entry with reserved bits set: %x", entries[i]);
            }
            if (l2Offset == 0) {
                continue;
            }
            boolean inside = countRange(l2Offset, geometry.clusterSize);
            if (!geometry.isClusterAligned(l2Offset)) {
                corrupt("ERROR l2_offset=%x: Table is not cluster aligned; L1 entry corrupted", l2Offset);
                continue;
            }
            if (inside) {
                tableReferences.add(l2Offset >>> geometry.clusterBits);
            }
            if (TableIo.read(file, l2Offset, table, 0, geometry.clusterSize) < 0) {
                result.checkErrors++;
            } else {
                countL2(active, (long) i << geometry.l1EntryBits);
            }
        }
    }

    private void countL2(boolean active, long guestOffset) {
        int words = geometry.entryWords;
        int count = 1 << geometry.l2Bits;
        expectedHost = 0;
        for (int i = 0; i < count; i++) {
            long entry = table.getLongBE(i * words * Long.BYTES);
            long bitmap = words == 2 ? table.getLongBE((i * words + 1) * Long.BYTES) : 0;
            countEntry(entry, bitmap, active, guestOffset + ((long) i << geometry.clusterBits));
        }
    }

    private void countEntry(long entry, long bitmap, boolean active, long guestOffset) {
        if (L2Entry.isCompressed(entry)) {
            countCompressed(entry, active);
            return;
        }
        long host = L2Entry.hostOffset(entry);
        boolean placed = host != 0 || (image.hasDataFile && L2Entry.isCopied(entry));
        if (geometry.extendedL2
                && (SubclusterBitmap.isInvalid(bitmap) || (!placed && SubclusterBitmap.hasAllocated(bitmap)))) {
            corrupt("ERROR offset=%x: Invalid subcluster bitmap", host);
        }
        if (!placed) {
            return;
        }
        if (!geometry.isClusterAligned(host)) {
            corrupt("ERROR offset=%x: Cluster is not properly aligned; L2 entry corrupted.", host);
            return;
        }
        if (active && isData(entry, bitmap)) {
            result.allocatedClusters++;
            if (expectedHost != 0 && host != expectedHost) {
                result.fragmentedClusters++;
            }
            expectedHost = host + geometry.clusterSize;
        }
        if (image.hasDataFile) {
            if (image.dataFileRaw && host != guestOffset) {
                corrupt("ERROR offset=%x: Data file cluster doesn't match the guest offset", host);
            }
            return;
        }
        countRange(host, geometry.clusterSize);
    }

    private boolean isData(long entry, long bitmap) {
        return geometry.extendedL2 ? SubclusterBitmap.hasAllocated(bitmap) : !L2Entry.isZero(entry);
    }

    private void countCompressed(long entry, boolean active) {
        if (L2Entry.isCopied(entry)) {
            corrupt(
                    "ERROR: coffset=0x%x: copied flag must never be set for compressed clusters",
                    CompressedDescriptor.hostOffset(entry, geometry.clusterBits));
        }
        if (image.hasDataFile) {
            corrupt(
                    "ERROR compressed cluster %x with data file",
                    CompressedDescriptor.hostOffset(entry, geometry.clusterBits));
            return;
        }
        long host = CompressedDescriptor.hostOffset(entry, geometry.clusterBits);
        long start = host & -512L;
        long bytes = host - start + CompressedDescriptor.bytes(entry, geometry.clusterBits);
        countRange(start, bytes);
        if (active) {
            result.compressedClusters++;
            result.allocatedClusters++;
            // Compressed clusters are fragmented by nature.
            result.fragmentedClusters++;
        }
    }

    /** False if the range is none that the file has. */
    private boolean countRange(long offset, long bytes) {
        if (bytes <= 0) {
            return false;
        }
        long first = offset >>> geometry.clusterBits;
        long end = geometry.clustersFor(offset + bytes);
        // What is allocated but never written may stand behind the end of the file, by less than a cluster.
        if (offset < 0 || end > fileEnd + 1) {
            corrupt(
                    "ERROR: counting reference for region exceeding the end of the file by one cluster or more: offset"
                            + " 0x%x size 0x%x",
                    offset, bytes);
            return false;
        }
        for (long cluster = first; cluster < end; cluster++) {
            references.add(cluster);
        }
        return true;
    }

    /** What is counted behind the end of the file, without being referred to, does no harm: it is as good as free. */
    private void compare() {
        long perBlock = 1L << geometry.refcountBlockBits;
        long end = end();
        for (int i = 0; i < refcounts.tableLength(); i++) {
            long first = i * perBlock;
            boolean present = isUsable(i);
            if (first < end) {
                for (long cluster = first; cluster < Math.min(end, first + perBlock); cluster++) {
                    compare(cluster, present ? refcounts.get(cluster) : 0);
                }
            }
        }
        for (long cluster = refcounts.tableLength() * perBlock; cluster < end; cluster++) {
            compare(cluster, 0);
        }
    }

    private boolean isUsable(int block) {
        return refcounts.hasBlock(block)
                && geometry.isClusterAligned(RefcountTableEntry.blockOffset(refcounts.tableEntry(block)));
    }

    private long refcountOf(long cluster) {
        long block = cluster >>> geometry.refcountBlockBits;
        return block < refcounts.tableLength() && isUsable((int) block) ? refcounts.get(cluster) : 0;
    }

    /** Behind everything that the file has or that something refers to. */
    long end() {
        return Math.max(fileEnd, references.end());
    }

    private void compare(long cluster, long refcount) {
        int counted = references.get(cluster);
        if (refcount != 0 || counted != 0) {
            highestUsed = cluster;
        }
        if (refcount < 0) {
            result.checkErrors++;
        } else if (refcount < counted) {
            long block = cluster >>> geometry.refcountBlockBits;
            needsRebuild |= block >= refcounts.tableLength() || !isUsable((int) block);
            corrupt("ERROR cluster %d refcount=%d reference=%d", cluster, refcount, counted);
        } else if (refcount > counted) {
            listener.found(String.format(
                    Locale.ROOT, "Leaked cluster %d refcount=%d reference=%d", cluster, refcount, counted));
            result.leaks++;
        }
    }

    private void checkCopiedFlags() {
        L1Table l1 = image.l1();
        for (int i = 0; i < l1.size(); i++) {
            long entry = l1.get(i);
            long l2Offset = L1Entry.l2TableOffset(entry);
            if (l2Offset == 0 || !geometry.isClusterAligned(l2Offset)) {
                continue;
            }
            long refcount = refcountOf(l2Offset >>> geometry.clusterBits);
            if ((refcount == 1) != L1Entry.isCopied(entry)) {
                wrongCopiedFlags++;
                corrupt("ERROR OFLAG_COPIED L2 cluster: l1_index=%d l1_entry=%x refcount=%d", i, entry, refcount);
            }
            if (TableIo.read(file, l2Offset, table, 0, geometry.clusterSize) == 0) {
                checkCopiedFlagsInTable();
            }
        }
    }

    private void checkCopiedFlagsInTable() {
        for (int at = 0; at < geometry.clusterSize; at += geometry.entryWords * Long.BYTES) {
            long entry = table.getLongBE(at);
            long host = L2Entry.hostOffset(entry);
            if (L2Entry.isCompressed(entry) || host == 0 || !geometry.isClusterAligned(host)) {
                continue;
            }
            long refcount = image.hasDataFile ? 1 : refcountOf(host >>> geometry.clusterBits);
            if ((refcount == 1) != L2Entry.isCopied(entry)) {
                wrongCopiedFlags++;
                corrupt("ERROR OFLAG_COPIED data cluster: l2_entry=%x refcount=%d", entry, refcount);
            }
        }
    }

    private void corrupt(String format, Object... args) {
        listener.found(String.format(Locale.ROOT, format, args));
        result.corruptions++;
    }
}

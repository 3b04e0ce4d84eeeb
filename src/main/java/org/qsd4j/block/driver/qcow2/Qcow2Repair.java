package org.qsd4j.block.driver.qcow2;

import org.qsd4j.block.driver.qcow2.format.Feature;
import org.qsd4j.block.driver.qcow2.format.L1Entry;
import org.qsd4j.block.driver.qcow2.format.L2Entry;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.NativeBuffer;

/**
 * Brings refcounts and COPIED flags in line with the references that a check has counted. Faults of the tables themselves
 * (unaligned or overlapping entries) are not touched, nor is a table that shares its place with something else: what
 * looks like an entry there may be part of that.
 */
final class Qcow2Repair {
    private final Qcow2Image image;
    private final Qcow2Check check;
    private final ClusterGeometry geometry;
    private int flagsRepaired;

    Qcow2Repair(Qcow2Image image, Qcow2Check check) {
        this.image = image;
        this.check = check;
        this.geometry = image.geometry;
    }

    /** Lowers refcounts that are too high: space comes back, and no data is at risk. */
    void repairLeaks() {
        setRefcounts(false);
    }

    /**
     * Raises those that are too low, too, and sets COPIED flags right. Where table or blocks are damaged, they are made anew.
     *
     * @return how many flags were wrong after the refcounts were right
     */
    int repairAll() {
        Qcow2Check owners = check;
        if (check.needsRebuild()) {
            owners = new Qcow2Check(image, image.refcounts(), CheckListener.NONE);
            new RefcountRebuild(image, owners.countAllButRefcounts()).run();
        } else {
            setRefcounts(true);
        }
        repairCopiedFlags(owners);
        return flagsRepaired;
    }

    /** After everything is right: the marks of trouble go. */
    void clearMarks() {
        HeaderState header = image.header();
        long marks = Feature.INCOMPAT_DIRTY | Feature.INCOMPAT_CORRUPT;
        if ((header.incompatibleFeatures() & marks) != 0) {
            header.setIncompatibleFeatures(header.incompatibleFeatures() & ~marks);
        }
        flush();
    }

    private void setRefcounts(boolean raise) {
        Refcounts refcounts = image.refcounts();
        long end = Math.min(check.end(), refcounts.endOfCounted());
        for (long cluster = 0; cluster < end; cluster++) {
            long refcount = refcounts.get(cluster);
            long counted = check.references.get(cluster);
            if (refcount > counted || (refcount >= 0 && refcount < counted && raise)) {
                int result = refcounts.change(cluster, (int) (counted - refcount));
                if (result < 0) {
                    throw QapiException.fromErrno(result, "Could not set the refcount of cluster %d", cluster);
                }
            }
        }
        flush();
    }

    private void repairCopiedFlags(Qcow2Check owners) {
        L1Table l1 = image.l1();
        boolean l1Alone = owners.isL1TableAlone();
        NativeBuffer table = NativeBuffer.allocate(geometry.clusterSize);
        for (int i = 0; i < l1.size(); i++) {
            long entry = l1.get(i);
            long l2Offset = L1Entry.l2TableOffset(entry);
            if (l2Offset == 0 || !geometry.isClusterAligned(l2Offset)) {
                continue;
            }
            long cluster = l2Offset >>> geometry.clusterBits;
            boolean alone = image.refcounts().get(cluster) == 1;
            if (alone != L1Entry.isCopied(entry) && l1Alone) {
                l1.set(i, L1Entry.of(l2Offset, alone));
                flagsRepaired++;
            }
            if (owners.isL2TableAlone(cluster)) {
                repairTable(l2Offset, table);
            }
        }
        flush();
    }

    private void repairTable(long l2Offset, NativeBuffer table) {
        requireSuccess(TableIo.read(image.file, l2Offset, table, 0, geometry.clusterSize));
        boolean changed = false;
        for (int at = 0; at < geometry.clusterSize; at += geometry.entryWords * Long.BYTES) {
            long entry = table.getLongBE(at);
            long host = L2Entry.hostOffset(entry);
            if (L2Entry.isCompressed(entry) || host == 0 || !geometry.isClusterAligned(host)) {
                continue;
            }
            boolean alone = image.hasDataFile || image.refcounts().get(host >>> geometry.clusterBits) == 1;
            if (alone != L2Entry.isCopied(entry)) {
                table.putLongBE(at, L2Entry.withCopied(entry, alone));
                changed = true;
                flagsRepaired++;
            }
        }
        if (changed) {
            requireSuccess(image.file.write(l2Offset, table, 0, geometry.clusterSize, 0));
        }
    }

    private void flush() {
        requireSuccess(image.flushAll());
    }

    private static void requireSuccess(int result) {
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not repair the image");
        }
    }
}

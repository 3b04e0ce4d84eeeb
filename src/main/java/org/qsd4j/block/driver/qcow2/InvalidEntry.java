package org.qsd4j.block.driver.qcow2;

import static org.qsd4j.block.driver.qcow2.Corruption.hex;

import org.qsd4j.block.driver.qcow2.format.L1Entry;
import org.qsd4j.block.driver.qcow2.format.L2Entry;

/** Reports L2 entries that the format doesn't allow, in the real daemon's words. Each gives -EIO for the request. */
final class InvalidEntry {
    private InvalidEntry() {}

    /** A request needs what {@code mapping}, which is {@link Mapping#INVALID}, says of {@code guestOffset}. */
    static int onRead(Qcow2Image image, Mapping mapping, long guestOffset) {
        long host = L2Entry.hostOffset(mapping.entry);
        if (!L2Entry.isCompressed(mapping.entry) && image.geometry.isClusterAligned(host)) {
            return report(image, mapping, guestOffset, "Invalid cluster entry found  (");
        }
        return report(image, mapping, guestOffset, "Cluster allocation offset " + hex(host) + " unaligned (");
    }

    /** A request would have to write to the cluster, or in its place. */
    static int onWrite(Qcow2Image image, Mapping mapping, long guestOffset) {
        long entry = mapping.entry;
        long host = L2Entry.hostOffset(entry);
        if (!L2Entry.isCompressed(entry) && !image.geometry.isClusterAligned(host)) {
            boolean zero = !image.geometry.extendedL2 && L2Entry.isZero(entry);
            return signal(
                    image,
                    "%s cluster offset %s unaligned (guest offset: %s)",
                    zero ? "Preallocated zero" : "Data",
                    hex(host),
                    hex(guestOffset));
        }
        return report(image, mapping, guestOffset, "Invalid cluster entry found (");
    }

    private static int report(Qcow2Image image, Mapping mapping, long guestOffset, String otherwise) {
        long entry = mapping.entry;
        long host = L2Entry.hostOffset(entry);
        ClusterGeometry geometry = image.geometry;
        long table = L1Entry.l2TableOffset(image.l1().get(geometry.l1Index(guestOffset)));
        long index = guestOffset >>> geometry.clusterBits & ((1L << geometry.l2Bits) - 1);
        String place = "L2 offset: " + hex(table) + ", L2 index: " + hex(index) + ")";
        boolean aligned = geometry.isClusterAligned(host);
        if (L2Entry.isCompressed(entry)) {
            return signal(image, "Compressed cluster entry found in image with external data file (%s", place);
        }
        if (!geometry.extendedL2 && image.version < 3 && L2Entry.isZero(entry)) {
            return signal(image, "Zero cluster entry found in pre-v3 image (%s", place);
        }
        if (image.dataFileRaw && aligned && host != geometry.clusterStart(guestOffset)) {
            return signal(
                    image,
                    "External data file host cluster offset %s does not match guest cluster offset: %s, L2 index: %s)",
                    hex(host),
                    hex(geometry.clusterStart(guestOffset)),
                    hex(index));
        }
        return signal(image, "%s%s", otherwise, place);
    }

    private static int signal(Qcow2Image image, String format, Object... args) {
        return image.corruption.signal(true, -1, -1, format, args);
    }
}

package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.driver.qcow2.format.L1Entry;
import org.qsd4j.block.driver.qcow2.format.L2Entry;
import org.qsd4j.block.driver.qcow2.format.SubclusterBitmap;

/** Guest offset to host offset: reads tables, changes nothing. Callers are inside the image's {@link GracePeriod}. */
@ThreadSafe
final class ClusterMapper {
    private final Qcow2Image image;
    private final ClusterGeometry geometry;

    ClusterMapper(Qcow2Image image) {
        this.image = image;
        this.geometry = image.geometry;
    }

    /**
     * What the bytes from {@code guestOffset} on are, as far as they are of one kind and, if data, contiguous; an answer
     * never goes beyond a slice.
     *
     * @return 0, or -errno if a table can't be read
     */
    int map(long guestOffset, long maxBytes, Mapping out) {
        int l1Index = geometry.l1Index(guestOffset);
        long l2TableOffset = L1Entry.l2TableOffset(image.l1().get(l1Index));
        if (l2TableOffset == 0) {
            return mapAbsentTable(l1Index, guestOffset, maxBytes, out);
        }
        long number = geometry.sliceOf(guestOffset);
        L2Slice slice = image.l2Cache().lookUp(number);
        if (slice == null) {
            RequestScratch scratch = image.scratch();
            slice = image.sliceLoader().load(number, scratch);
            if (slice == null) {
                return scratch.error != 0 ? scratch.error : mapAbsentTable(l1Index, guestOffset, maxBytes, out);
            }
        }
        if (geometry.extendedL2) {
            mapExtended(slice, guestOffset, maxBytes, out);
        } else {
            mapStandard(slice, guestOffset, maxBytes, out);
        }
        return 0;
    }

    private int mapAbsentTable(int l1Index, long guestOffset, long maxBytes, Mapping out) {
        out.type = Mapping.UNALLOCATED;
        out.entry = 0;
        out.bitmap = 0;
        out.copied = false;
        long tableEnd = (long) (l1Index + 1) << geometry.l1EntryBits;
        out.bytes = Math.min(maxBytes, tableEnd - guestOffset);
        return 0;
    }

    private void mapStandard(L2Slice slice, long guestOffset, long maxBytes, Mapping out) {
        int index = geometry.indexInSlice(guestOffset);
        long entry = slice.entry(index);
        int type = standardType(entry, guestOffset);
        int inCluster = geometry.offsetInCluster(guestOffset);
        long host = L2Entry.hostOffset(entry);
        out.type = type;
        out.entry = entry;
        out.copied = L2Entry.isCopied(entry);
        out.hostOffset = host + inCluster;
        long bytes = (long) geometry.clusterSize - inCluster;
        if (type != Mapping.COMPRESSED && type != Mapping.INVALID) {
            long nextGuest = guestOffset - inCluster + geometry.clusterSize;
            while (bytes < maxBytes && ++index < geometry.entriesInSlice()) {
                host += geometry.clusterSize;
                long next = slice.entry(index);
                if (!continues(out, next, standardType(next, nextGuest), host)) {
                    break;
                }
                bytes += geometry.clusterSize;
                nextGuest += geometry.clusterSize;
            }
        }
        out.bytes = Math.min(bytes, maxBytes);
    }

    private static boolean continues(Mapping run, long next, int type, long expectedHost) {
        return type == run.type
                && ((type != Mapping.DATA && type != Mapping.ZERO_ALLOCATED)
                        || (L2Entry.hostOffset(next) == expectedHost && L2Entry.isCopied(next) == run.copied));
    }

    private int standardType(long entry, long guestOffset) {
        if (L2Entry.isCompressed(entry)) {
            return image.hasDataFile ? Mapping.INVALID : Mapping.COMPRESSED;
        }
        long host = L2Entry.hostOffset(entry);
        if (!geometry.isClusterAligned(host)) {
            return Mapping.INVALID;
        }
        boolean placed = host != 0 || (image.hasDataFile && L2Entry.isCopied(entry));
        if (image.dataFileRaw && placed && host != geometry.clusterStart(guestOffset)) {
            return Mapping.INVALID;
        }
        if (L2Entry.isZero(entry)) {
            if (image.version < 3) {
                return Mapping.INVALID;
            }
            return placed ? Mapping.ZERO_ALLOCATED : Mapping.ZERO_PLAIN;
        }
        return placed ? Mapping.DATA : Mapping.UNALLOCATED;
    }

    private void mapExtended(L2Slice slice, long guestOffset, long maxBytes, Mapping out) {
        int index = geometry.indexInSlice(guestOffset);
        slice.extendedEntry(index, out);
        long firstEntry = out.entry;
        long firstBitmap = out.bitmap;
        int inCluster = geometry.offsetInCluster(guestOffset);
        int first = geometry.subclusterOf(guestOffset);
        int type = extendedType(firstEntry, firstBitmap, first, guestOffset);
        long host = L2Entry.hostOffset(firstEntry);
        out.type = type;
        out.copied = L2Entry.isCopied(firstEntry);
        out.hostOffset = host + inCluster;
        long bytes = (long) geometry.clusterSize - inCluster;
        if (type != Mapping.COMPRESSED && type != Mapping.INVALID) {
            int end = first + SubclusterBitmap.runLength(firstBitmap, first);
            bytes = ((long) end << geometry.subclusterBits) - inCluster;
            long nextGuest = geometry.clusterEnd(guestOffset);
            while (end == SubclusterBitmap.COUNT && bytes < maxBytes && ++index < geometry.entriesInSlice()) {
                host += geometry.clusterSize;
                slice.extendedEntry(index, out);
                int nextType = extendedType(out.entry, out.bitmap, 0, nextGuest);
                if (nextType != type || !continues(firstEntry, out.entry, type, host)) {
                    break;
                }
                end = SubclusterBitmap.runLength(out.bitmap, 0);
                bytes += (long) end << geometry.subclusterBits;
                nextGuest += geometry.clusterSize;
            }
        }
        out.type = type;
        out.entry = firstEntry;
        out.bitmap = firstBitmap;
        out.bytes = Math.min(bytes, maxBytes);
    }

    private static boolean continues(long first, long next, int type, long expectedHost) {
        return type == Mapping.UNALLOCATED
                || type == Mapping.ZERO_PLAIN
                || (L2Entry.hostOffset(next) == expectedHost && L2Entry.isCopied(next) == L2Entry.isCopied(first));
    }

    private int extendedType(long entry, long bitmap, int subcluster, long guestOffset) {
        if (L2Entry.isCompressed(entry)) {
            return image.hasDataFile ? Mapping.INVALID : Mapping.COMPRESSED;
        }
        long host = L2Entry.hostOffset(entry);
        boolean placed = host != 0 || (image.hasDataFile && L2Entry.isCopied(entry));
        if (!geometry.isClusterAligned(host)
                || SubclusterBitmap.isInvalid(bitmap)
                || (!placed && SubclusterBitmap.hasAllocated(bitmap))
                || (image.dataFileRaw && placed && host != geometry.clusterStart(guestOffset))) {
            return Mapping.INVALID;
        }
        if (SubclusterBitmap.isAllocated(bitmap, subcluster)) {
            return Mapping.DATA;
        }
        if (SubclusterBitmap.isZero(bitmap, subcluster)) {
            return placed ? Mapping.ZERO_ALLOCATED : Mapping.ZERO_PLAIN;
        }
        return placed ? Mapping.UNALLOCATED_PLACED : Mapping.UNALLOCATED;
    }
}

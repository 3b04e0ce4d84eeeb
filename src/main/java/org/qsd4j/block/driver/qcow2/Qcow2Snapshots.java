package org.qsd4j.block.driver.qcow2;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.SnapshotStore;
import org.qsd4j.block.driver.qcow2.format.ImageLimits;
import org.qsd4j.block.driver.qcow2.format.L1Entry;
import org.qsd4j.block.driver.qcow2.format.L2Entry;
import org.qsd4j.block.driver.qcow2.format.SnapshotEntry;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.SnapshotInfo;
import org.qsd4j.sys.Errno;

/**
 * Takes and deletes snapshots inside an image. The node is drained. A snapshot keeps the L1 and L2 tables that the disk
 * has; the disk gets new ones, without COPIED flags. Each change is a {@link TableEdition}. QEMU: {@code
 * qcow2_snapshot_create}, {@code qcow2_snapshot_delete}.
 */
@MainThread
final class Qcow2Snapshots implements SnapshotStore {
    private final Qcow2Image image;
    private final ClusterGeometry geometry;

    Qcow2Snapshots(Qcow2Image image) {
        this.image = image;
        this.geometry = image.geometry;
    }

    @Override
    public List<SnapshotInfo> list() {
        if (image.hasDataFile) {
            throw QapiException.fromErrno(Errno.ENOTSUP, "Failed to get a snapshot list");
        }
        return image.snapshots().entries().stream()
                .map(ImageDescription::snapshotInfo)
                .toList();
    }

    @Override
    public int create(String name, long micros) {
        if (image.readOnly) {
            return -Errno.EPERM;
        }
        List<SnapshotEntry> entries = new ArrayList<>(image.snapshots().entries());
        L1Table old = image.l1();
        entries.add(SnapshotEntry.ofDisk(old.hostOffset, old.size(), newId(entries), name, micros, image.diskLength()));
        return change(entries, null);
    }

    @Override
    public int delete(String id, String name) {
        if (image.readOnly) {
            return -Errno.EPERM;
        }
        List<SnapshotEntry> entries = new ArrayList<>(image.snapshots().entries());
        SnapshotEntry deleted = entries.stream()
                .filter(entry -> entry.id().equals(id) && entry.name().equals(name))
                .findFirst()
                .orElse(null);
        if (deleted == null) {
            return -Errno.ENOENT;
        }
        entries.remove(deleted);
        return change(entries, deleted);
    }

    /** One more than the highest that is a number. */
    private static String newId(List<SnapshotEntry> entries) {
        long highest = 0;
        for (SnapshotEntry entry : entries) {
            highest = Math.max(highest, leadingNumber(entry.id()));
        }
        return Long.toString(highest + 1);
    }

    private static long leadingNumber(String id) {
        int end = 0;
        while (end < id.length() && end < 18 && id.charAt(end) >= '0' && id.charAt(end) <= '9') {
            end++;
        }
        return end == 0 ? 0 : Long.parseLong(id, 0, end, 10);
    }

    /** {@code deleted} null: the last of {@code entries} is to be taken of the disk as it is. */
    private int change(List<SnapshotEntry> entries, @Nullable SnapshotEntry deleted) {
        int result = image.flushAll();
        // What the first flush has released is counted down by the second.
        result = result < 0 ? result : image.flushAll();
        if (result < 0) {
            return result;
        }
        image.metadataLock.lock();
        try {
            if (image.refcounts().isDirty()
                    || image.header().isDirty()
                    || image.release().hasWork()) {
                return -Errno.EBUSY;
            }
            TableEdition edition = new TableEdition(image);
            result = build(edition, entries, deleted);
            if (result < 0) {
                edition.abandon();
                return result;
            }
        } finally {
            image.metadataLock.unlock();
        }
        image.invalidateDecompressed();
        // The change is durable. One flush releases what it has freed, the next counts that down; a later one makes up
        // for one that fails.
        if (image.flushAll() == 0) {
            image.flushAll();
        }
        return 0;
    }

    private int build(TableEdition edition, List<SnapshotEntry> entries, @Nullable SnapshotEntry deleted) {
        long bytes = SnapshotTable.bytes(entries);
        if (entries.size() > ImageLimits.MAX_SNAPSHOTS || bytes > ImageLimits.MAX_SNAPSHOT_TABLE_BYTES) {
            return -Errno.EFBIG;
        }
        L1Table old = image.l1();
        long[] l1 = old.copy(old.size());
        int result = deleted == null ? share(edition, l1) : drop(edition, l1, deleted);
        if (result < 0) {
            return result;
        }
        // An empty table takes no room, so that nothing is shared either.
        boolean stays = result == UNCHANGED || l1.length == 0;
        long l1Place = stays ? old.hostOffset : edition.placeL1(l1);
        if (l1Place < 0) {
            return (int) l1Place;
        }
        if (deleted != null && !stays) {
            result = edition.refer(old.hostOffset, (long) old.size() * Long.BYTES, -1);
            if (result < 0) {
                return result;
            }
        }
        List<SnapshotEntry> kept = List.copyOf(entries);
        long place = edition.placeSnapshots(new SnapshotTable(0, kept, bytes));
        if (place < 0) {
            return (int) place;
        }
        return edition.publish(new L1Table(l1, l1Place), new SnapshotTable(place, kept, bytes));
    }

    private static final int CHANGED = 0;
    private static final int UNCHANGED = 1;

    /** The disk's tables become another's, too; {@code l1} is what the disk has from now on. CHANGED or -errno. */
    private int share(TableEdition edition, long[] l1) {
        for (int i = 0; i < l1.length; i++) {
            long l2Offset = L1Entry.l2TableOffset(l1[i]);
            if (l2Offset == 0) {
                l1[i] = 0;
                continue;
            }
            int result = edition.readTable(l2Offset);
            if (result < 0) {
                return result;
            }
            int flags = shareEntries(edition);
            if (flags < 0) {
                return flags;
            }
            if (flags == 0) {
                result = edition.refer(l2Offset, geometry.clusterSize, 1);
                l1[i] = L1Entry.of(l2Offset, false);
            } else {
                long place = edition.placeTable();
                result = place < 0 ? (int) place : 0;
                l1[i] = L1Entry.of(place, true);
            }
            if (result < 0) {
                return result;
            }
        }
        return CHANGED;
    }

    /** How many entries of the table had COPIED flags, which are gone now; or -errno. */
    private int shareEntries(TableEdition edition) {
        int flags = 0;
        for (int at = 0; at < geometry.clusterSize; at += geometry.entryWords * Long.BYTES) {
            long entry = edition.table.getLongBE(at);
            int result = edition.refer(entry, 1);
            if (result < 0) {
                return result;
            }
            if (L2Entry.isCopied(entry) && !L2Entry.isCompressed(entry)) {
                edition.table.putLongBE(at, L2Entry.withCopied(entry, false));
                flags++;
            }
        }
        return flags;
    }

    /** The snapshot's tables lose a reference, and the disk's get their COPIED flags back; CHANGED, UNCHANGED or -errno. */
    private int drop(TableEdition edition, long[] l1, SnapshotEntry deleted) {
        long[] inactive = new long[(int) deleted.l1Size()];
        int result = TableIo.readWords(image.file, deleted.l1TableOffset(), inactive);
        for (int i = 0; i < inactive.length && result == 0; i++) {
            long l2Offset = L1Entry.l2TableOffset(inactive[i]);
            result = l2Offset == 0 ? 0 : dropTable(edition, l2Offset);
        }
        if (result == 0) {
            result = edition.refer(deleted.l1TableOffset(), deleted.l1Size() * Long.BYTES, -1);
        }
        return result < 0 ? result : restoreFlags(edition, l1);
    }

    private int dropTable(TableEdition edition, long l2Offset) {
        int result = edition.readTable(l2Offset);
        for (int at = 0; at < geometry.clusterSize && result == 0; at += geometry.entryWords * Long.BYTES) {
            result = edition.refer(edition.table.getLongBE(at), -1);
        }
        return result < 0 ? result : edition.refer(l2Offset, geometry.clusterSize, -1);
    }

    private int restoreFlags(TableEdition edition, long[] l1) {
        int outcome = UNCHANGED;
        for (int i = 0; i < l1.length; i++) {
            long l2Offset = L1Entry.l2TableOffset(l1[i]);
            int result = l2Offset == 0 ? 0 : edition.readTable(l2Offset);
            if (result < 0) {
                return result;
            }
            if (l2Offset == 0) {
                continue;
            }
            long now = L1Entry.of(l2Offset, edition.isAlone(l2Offset));
            int changed = edition.hasLeft(l2Offset) ? -Errno.EIO : restoreEntries(edition);
            if (changed < 0) {
                return changed;
            }
            if (changed > 0) {
                long place = edition.placeTable();
                result = place < 0 ? (int) place : edition.refer(l2Offset, geometry.clusterSize, -1);
                now = L1Entry.of(place, true);
            }
            if (result < 0) {
                return result;
            }
            outcome = now == l1[i] ? outcome : CHANGED;
            l1[i] = now;
        }
        return outcome;
    }

    /** How many entries have changed; or -errno if the image's refcounts turn out to be too low. */
    private int restoreEntries(TableEdition edition) {
        int changed = 0;
        for (int at = 0; at < geometry.clusterSize; at += geometry.entryWords * Long.BYTES) {
            long entry = edition.table.getLongBE(at);
            if (edition.hasLeft(entry)) {
                return -Errno.EIO;
            }
            long host = L2Entry.hostOffset(entry);
            if (L2Entry.isCompressed(entry) || host == 0 || !geometry.isClusterAligned(host)) {
                continue;
            }
            long right = L2Entry.withCopied(entry, edition.isAlone(host));
            if (right != entry) {
                edition.table.putLongBE(at, right);
                changed++;
            }
        }
        return changed;
    }
}

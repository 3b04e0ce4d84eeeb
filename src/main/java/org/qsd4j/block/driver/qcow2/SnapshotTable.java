package org.qsd4j.block.driver.qcow2;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.driver.qcow2.format.ImageLimits;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.block.driver.qcow2.format.SnapshotEntry;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/**
 * The snapshot table of an image.
 *
 * @param offset where it stands in the file; 0 if there are no snapshots
 * @param entries in the table's order
 * @param bytes what the table occupies
 */
record SnapshotTable(long offset, List<SnapshotEntry> entries, long bytes) {
    static final SnapshotTable EMPTY = new SnapshotTable(0, List.of(), 0);

    /** What a table of these entries occupies. */
    static long bytes(List<SnapshotEntry> entries) {
        return entries.stream().mapToLong(entry -> entry.stored().length).sum();
    }

    /** The entries as they stand on disk, with zeroes up to {@code length} bytes. */
    static NativeBuffer encode(List<SnapshotEntry> entries, int length) {
        NativeBuffer table = NativeBuffer.allocate(length);
        int at = 0;
        for (SnapshotEntry entry : entries) {
            table.put(at, entry.stored(), 0, entry.stored().length);
            at += entry.stored().length;
        }
        return table;
    }

    /** The header has passed {@link HeaderCheck}. */
    static SnapshotTable read(BlockChild file, Qcow2Header header) {
        if (header.nbSnapshots() == 0) {
            return EMPTY;
        }
        return new Reader(file, header).read();
    }

    private static final class Reader {
        private static final int MAX_STRINGS = 2 * 0xffff;

        private final BlockChild file;
        private final Qcow2Header header;
        private final NativeBuffer buffer = NativeBuffer.allocate(ImageLimits.MAX_SNAPSHOT_EXTRA_DATA + MAX_STRINGS);
        private long at;

        Reader(BlockChild file, Qcow2Header header) {
            this.file = file;
            this.header = header;
            this.at = header.snapshotsOffset();
        }

        SnapshotTable read() {
            List<SnapshotEntry> entries = new ArrayList<>();
            for (int i = 0; i < header.nbSnapshots(); i++) {
                entries.add(readOne(i));
                if (at - header.snapshotsOffset() > ImageLimits.MAX_SNAPSHOT_TABLE_BYTES) {
                    throw QapiException.generic("Snapshot table is too big");
                }
            }
            return new SnapshotTable(header.snapshotsOffset(), List.copyOf(entries), at - header.snapshotsOffset());
        }

        private SnapshotEntry readOne(int index) {
            long start = at;
            fill(0, SnapshotEntry.HEADER_SIZE);
            NativeBuffer b = buffer;
            long l1TableOffset = b.getLongBE(0);
            long l1Size = b.getIntBE(8) & 0xffff_ffffL;
            int idLength = b.getShortBE(SnapshotEntry.ID_LENGTH) & 0xffff;
            int nameLength = b.getShortBE(SnapshotEntry.NAME_LENGTH) & 0xffff;
            long seconds = b.getIntBE(16) & 0xffff_ffffL;
            long nanos = b.getIntBE(20) & 0xffff_ffffL;
            long vmClock = b.getLongBE(24);
            long shortVmState = b.getIntBE(32) & 0xffff_ffffL;
            long extra = b.getIntBE(SnapshotEntry.EXTRA_DATA_SIZE) & 0xffff_ffffL;
            HeaderCheck.checkTable(
                    header, l1TableOffset, l1Size * Long.BYTES, ImageLimits.MAX_L1_BYTES, "Snapshot L1 table");
            if (extra > ImageLimits.MAX_SNAPSHOT_EXTRA_DATA) {
                throw QapiException.generic("Too much extra metadata in snapshot table entry %d", index);
            }
            byte[] fixed = new byte[SnapshotEntry.HEADER_SIZE];
            b.get(0, fixed, 0, fixed.length);
            at += SnapshotEntry.HEADER_SIZE;
            int extraBytes = (int) extra;
            fill(0, extraBytes + idLength + nameLength);
            at = Align.up(at + extraBytes + idLength + nameLength, 8);
            byte[] stored = Arrays.copyOf(fixed, (int) (at - start));
            b.get(0, stored, fixed.length, extraBytes + idLength + nameLength);
            return new SnapshotEntry(
                    l1TableOffset,
                    l1Size,
                    string(extraBytes, idLength),
                    string(extraBytes + idLength, nameLength),
                    seconds,
                    nanos,
                    vmClock,
                    extraBytes >= 8 ? b.getLongBE(0) : shortVmState,
                    extraBytes >= 16 ? b.getLongBE(8) : header.size(),
                    extraBytes >= 24 ? b.getLongBE(16) : -1,
                    stored);
        }

        private void fill(int into, int bytes) {
            if (bytes == 0) {
                return;
            }
            int result = TableIo.read(file, at, buffer, into, bytes);
            if (result < 0) {
                throw QapiException.fromErrno(result, "Failed to read snapshot table");
            }
        }

        private String string(int offset, int length) {
            byte[] bytes = new byte[length];
            buffer.get(offset, bytes, 0, length);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }
}

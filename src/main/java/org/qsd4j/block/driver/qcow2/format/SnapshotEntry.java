package org.qsd4j.block.driver.qcow2.format;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.qsd4j.util.Align;

/**
 * An entry of the snapshot table (specification: "Snapshots"), big endian, padded to a multiple of 8.
 *
 * <pre>
 *  0  8  l1_table_offset
 *  8  4  l1_size: entries
 * 12  2  length of the id
 * 14  2  length of the name
 * 16  4  date, seconds
 * 20  4  date, nanoseconds
 * 24  8  time that the guest had run, nanoseconds
 * 32  4  size of the VM state in bytes
 * 36  4  size of the extra data
 * 40  -  extra data: VM state size (8), virtual disk size (8), instruction count (8), unknown
 *        id, name
 * </pre>
 *
 * @param diskSize virtual disk size when the snapshot was taken, or -1 where the entry doesn't say
 * @param icount the instruction count, or -1
 * @param stored the entry as it stands in the table, with all that isn't known here; nobody changes it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SnapshotEntry(
        long l1TableOffset,
        long l1Size,
        String id,
        String name,
        long dateSeconds,
        long dateNanos,
        long vmClockNanos,
        long vmStateSize,
        long diskSize,
        long icount,
        byte[] stored) {
    public static final int HEADER_SIZE = 40;
    public static final int ID_LENGTH = 12;
    public static final int NAME_LENGTH = 14;
    public static final int EXTRA_DATA_SIZE = 36;

    /** What QEMU writes: VM state size, disk size, instruction count. */
    private static final int EXTRA_DATA = 24;

    /** QEMU's names end before this many bytes. */
    private static final int MAX_NAME = 255;

    /** A new entry, of a disk without VM state and instruction count; a name that is too long is cut. */
    public static SnapshotEntry ofDisk(
            long l1TableOffset, int l1Size, String id, String name, long micros, long diskSize) {
        byte[] idBytes = id.getBytes(StandardCharsets.UTF_8);
        byte[] nameBytes = cut(name.getBytes(StandardCharsets.UTF_8));
        long seconds = micros / 1_000_000;
        int nanos = (int) (micros % 1_000_000) * 1000;
        byte[] stored = new byte[(int) Align.up(HEADER_SIZE + EXTRA_DATA + idBytes.length + nameBytes.length, 8)];
        ByteBuffer.wrap(stored)
                .putLong(l1TableOffset)
                .putInt(l1Size)
                .putShort((short) idBytes.length)
                .putShort((short) nameBytes.length)
                .putInt((int) seconds)
                .putInt(nanos)
                .putLong(micros * 1000)
                .putInt(0)
                .putInt(EXTRA_DATA)
                .putLong(0)
                .putLong(diskSize)
                .putLong(-1)
                .put(idBytes)
                .put(nameBytes);
        String shortName = new String(nameBytes, StandardCharsets.UTF_8);
        return new SnapshotEntry(
                l1TableOffset, l1Size, id, shortName, seconds, nanos, micros * 1000, 0, diskSize, -1, stored);
    }

    /** Between characters. */
    private static byte[] cut(byte[] name) {
        int length = Math.min(name.length, MAX_NAME);
        while (length < name.length && (name[length] & 0xc0) == 0x80) {
            length--;
        }
        return Arrays.copyOf(name, length);
    }
}

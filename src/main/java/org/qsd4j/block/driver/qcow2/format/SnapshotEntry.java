package org.qsd4j.block.driver.qcow2.format;

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
 */
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
        long icount) {
    public static final int HEADER_SIZE = 40;
    public static final int ID_LENGTH = 12;
    public static final int NAME_LENGTH = 14;
    public static final int EXTRA_DATA_SIZE = 36;
}

package org.qsd4j.block.driver.qcow2;

import java.nio.charset.StandardCharsets;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.driver.qcow2.format.HeaderExtensions;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/**
 * Lays the first cluster out anew with another backing file's name and format; all other extensions stay as they are, in
 * their order. QEMU: {@code qcow2_change_backing_file}.
 *
 * <p>The first sector, which has the header's fields, is written last and by itself, and the new name goes beside the old
 * one: a disk writes a sector wholly or not at all, so that a power cut leaves the old name and format or the new ones.
 */
final class BackingFileName {
    private static final int MAX_NAME = 1023;
    private static final int EXTENSION_HEADER = 8;
    private static final int SECTOR = 512;

    private final int clusterSize;
    private final BlockChild file;
    private final NativeBuffer before;
    private final NativeBuffer after;
    private int at;

    /** Where the extensions of {@link #before} end. */
    private int extensionsEnd;

    /** Whether all that the old header uses behind the first sector is the same in {@link #after}. */
    private boolean oldTailIsKept;

    /** Whether the header may no longer be what {@link #before} has. */
    private boolean changed;

    BackingFileName(BlockChild file, ClusterGeometry geometry) {
        this.file = file;
        this.clusterSize = geometry.clusterSize;
        this.before = NativeBuffer.allocate(clusterSize);
        this.after = NativeBuffer.allocate(clusterSize);
    }

    /** Writes and flushes; 0 or -errno. Nobody else changes the header meanwhile, nor relies on what it was afterwards. */
    int write(String name, String format) {
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        if (nameBytes.length > MAX_NAME) {
            return -Errno.EINVAL;
        }
        int result = file.read(0, before, 0, clusterSize);
        if (result == 0) {
            result = layOut(nameBytes, format.getBytes(StandardCharsets.UTF_8));
        }
        if (result == 0 && oldTailIsKept && clusterSize > SECTOR) {
            result = put(after, SECTOR, clusterSize);
        }
        if (result == 0) {
            changed = true;
            result = putHeader(after);
        }
        return result;
    }

    /** The header is what it was before {@link #write} again, for those who go on relying on that. 0 or -errno. */
    int takeBack() {
        return changed ? putHeader(before) : 0;
    }

    private int putHeader(NativeBuffer header) {
        return put(header, 0, oldTailIsKept ? SECTOR : clusterSize);
    }

    private int put(NativeBuffer cluster, int from, int to) {
        int result = file.write(from, cluster, from, to - from, 0);
        return result == 0 ? file.flush() : result;
    }

    private int layOut(byte[] name, byte[] format) {
        Qcow2Header header = Qcow2Header.parse(before);
        at = (int) header.headerLength();
        after.copyFrom(0, before, 0, clusterSize);
        int result = add(HeaderExtensions.BACKING_FORMAT, format);
        if (result == 0) {
            result = copyExtensions(header);
        }
        if (result < 0 || at + EXTENSION_HEADER + name.length > clusterSize) {
            return -Errno.ENOSPC;
        }
        after.zero(at, EXTENSION_HEADER);
        at += EXTENSION_HEADER;
        int oldName = (int) header.backingFileOffset();
        int oldNameEnd = oldName + (int) header.backingFileSize();
        boolean overlaps = at < oldNameEnd && oldName < at + name.length;
        int place = overlaps && oldNameEnd + name.length <= clusterSize ? oldNameEnd : at;
        after.put(place, name, 0, name.length);
        after.putLongBE(Qcow2Header.BACKING_FILE_OFFSET, name.length == 0 ? 0 : place);
        after.putIntBE(Qcow2Header.BACKING_FILE_SIZE, name.length);
        oldTailIsKept = isKept(SECTOR, extensionsEnd) && isKept(Math.max(SECTOR, oldName), oldNameEnd);
        return 0;
    }

    private boolean isKept(int from, int to) {
        for (int i = from; i < to; i++) {
            if (after.getByte(i) != before.getByte(i)) {
                return false;
            }
        }
        return true;
    }

    /** The header has been checked when the image was opened: every extension ends inside the cluster. */
    private int copyExtensions(Qcow2Header header) {
        int end = header.backingFileOffset() != 0 ? (int) header.backingFileOffset() : clusterSize;
        int from = (int) header.headerLength();
        while (from + EXTENSION_HEADER <= end && before.getIntBE(from) != HeaderExtensions.END) {
            int type = before.getIntBE(from);
            byte[] data = new byte[before.getIntBE(from + 4)];
            before.get(from + EXTENSION_HEADER, data, 0, data.length);
            if (type != HeaderExtensions.BACKING_FORMAT && add(type, data) < 0) {
                return -Errno.ENOSPC;
            }
            from = (int) Align.up(from + EXTENSION_HEADER + data.length, EXTENSION_HEADER);
        }
        extensionsEnd = Math.min(end, from + EXTENSION_HEADER);
        return 0;
    }

    private int add(int type, byte[] data) {
        int next = (int) Align.up(at + EXTENSION_HEADER + data.length, EXTENSION_HEADER);
        if (next > clusterSize) {
            return -Errno.ENOSPC;
        }
        after.zero(at, next - at);
        after.putIntBE(at, type);
        after.putIntBE(at + 4, data.length);
        after.put(at + EXTENSION_HEADER, data, 0, data.length);
        at = next;
        return 0;
    }
}

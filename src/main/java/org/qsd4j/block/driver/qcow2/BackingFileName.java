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
 */
final class BackingFileName {
    private static final int MAX_NAME = 1023;
    private static final int EXTENSION_HEADER = 8;

    private final int clusterSize;
    private final BlockChild file;
    private final NativeBuffer before;
    private final NativeBuffer after;
    private int at;

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
        return result == 0 ? put(after) : result;
    }

    /** The header is what it was before {@link #write} again, for those who go on relying on that. 0 or -errno. */
    int takeBack() {
        return changed ? put(before) : 0;
    }

    private int put(NativeBuffer header) {
        changed = true;
        int result = file.write(0, header, 0, clusterSize, 0);
        return result == 0 ? file.flush() : result;
    }

    private int layOut(byte[] name, byte[] format) {
        Qcow2Header header = Qcow2Header.parse(before);
        at = (int) header.headerLength();
        after.copyFrom(0, before, 0, at);
        int result = add(HeaderExtensions.BACKING_FORMAT, format);
        if (result == 0) {
            result = copyExtensions(header);
        }
        if (result < 0 || at + EXTENSION_HEADER + name.length > clusterSize) {
            return -Errno.ENOSPC;
        }
        at += EXTENSION_HEADER;
        after.put(at, name, 0, name.length);
        after.putLongBE(Qcow2Header.BACKING_FILE_OFFSET, name.length == 0 ? 0 : at);
        after.putIntBE(Qcow2Header.BACKING_FILE_SIZE, name.length);
        return 0;
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
        return 0;
    }

    private int add(int type, byte[] data) {
        int next = (int) Align.up(at + EXTENSION_HEADER + data.length, EXTENSION_HEADER);
        if (next > clusterSize) {
            return -Errno.ENOSPC;
        }
        after.putIntBE(at, type);
        after.putIntBE(at + 4, data.length);
        after.put(at + EXTENSION_HEADER, data, 0, data.length);
        at = next;
        return 0;
    }
}

package org.qsd4j.block.driver.vhdx;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.sparse.CachedTable;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/** The header that holds: of two, the valid one with the higher sequence number. [MS-VHDX] 2.2.2. */
final class VhdxHeader {
    private static final long FIRST = 64 << 10;
    private static final long SECOND = 128 << 10;
    private static final int BYTES = 4096;
    private static final int CRC_OFFSET = 4;
    private static final int GUID_BYTES = 16;
    private static final int LOG_GUID = 48;
    private static final long LOG_START = 1 << 20;
    private static final int LOG_SECTOR = 4096;
    private static final long LOG_ENTRY = 0x65676f6cL;
    private static final long MAX_LOG = 128L << 20;

    private final ImageHeader bytes;

    private VhdxHeader(ImageHeader bytes) {
        this.bytes = bytes;
    }

    static VhdxHeader read(BlockChild file) {
        if (!ImageHeader.read(file, 0, 8, ByteOrder.LITTLE_ENDIAN).has(0, VhdxDriver.SIGNATURE)) {
            throw ImageHeader.couldNotOpen(file, Errno.EINVAL);
        }
        ImageHeader first = valid(file, FIRST);
        ImageHeader second = valid(file, SECOND);
        return new VhdxHeader(newer(first, second));
    }

    private static ImageHeader newer(@Nullable ImageHeader first, @Nullable ImageHeader second) {
        if (second == null) {
            if (first == null) {
                throw QapiException.fromErrno(Errno.EINVAL, "No valid VHDX header found");
            }
            return first;
        }
        return first == null || Long.compareUnsigned(second.u64(8), first.u64(8)) > 0 ? second : first;
    }

    private static @Nullable ImageHeader valid(BlockChild file, long offset) {
        ImageHeader header = ImageHeader.read(file, offset, BYTES, ByteOrder.LITTLE_ENDIAN);
        boolean valid = header.has(0, "head") && isIntact(header) && header.u16(66) == 1;
        return valid ? header : null;
    }

    /** Whether the checksum at 4 is that of all the rest. */
    static boolean isIntact(ImageHeader header) {
        byte[] bytes = header.toArray();
        Arrays.fill(bytes, CRC_OFFSET, CRC_OFFSET + Integer.BYTES, (byte) 0);
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return crc.getValue() == header.u32(CRC_OFFSET);
    }

    /** What the log holds is newer than the image: nobody must read that before it is written there. */
    void requireEmptyLog(BlockChild file) {
        long length = bytes.u32(68);
        long offset = bytes.u64(72);
        if (bytes.isZero(LOG_GUID, GUID_BYTES) || length == 0) {
            return;
        }
        if (length > MAX_LOG
                || offset < LOG_START
                || offset > BlockNode.MAX_LENGTH - length
                || offset % LOG_SECTOR != 0) {
            throw ImageHeader.couldNotOpen(file, Errno.EINVAL);
        }
        CachedTable log = new CachedTable(file);
        for (long at = offset; at < offset + length; at += LOG_SECTOR) {
            if (log.le32(at) == LOG_ENTRY && hasGuid(ImageHeader.read(file, at, 48, ByteOrder.LITTLE_ENDIAN))) {
                throw QapiException.withErrno(
                        Errno.EPERM,
                        "VHDX image file '%s' opened read-only, but contains a log that needs to be replayed",
                        file.node().filename());
            }
        }
    }

    private boolean hasGuid(ImageHeader entry) {
        return entry.text(32, GUID_BYTES).equals(bytes.text(LOG_GUID, GUID_BYTES));
    }
}

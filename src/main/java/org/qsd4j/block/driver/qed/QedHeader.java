package org.qsd4j.block.driver.qed;

import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/**
 * The header, little endian. QEMU: {@code QEDHeader}, {@code docs/interop/qed_spec}.
 *
 * @param size of the disk in bytes
 * @param tableEntries words in a table of either level
 * @param l1Offset where the first table is, in bytes
 * @param backingFormat "raw" if the image says so; else it says nothing
 */
@Immutable
record QedHeader(
        long size,
        long clusterSize,
        long tableEntries,
        long l1Offset,
        @Nullable String backingFile,
        @Nullable String backingFormat) {
    private static final int BYTES = 64;
    private static final long MAGIC = 0x00444551;
    private static final long BACKING_FILE = 1;
    private static final long NEED_CHECK = 2;
    private static final long BACKING_FORMAT_NO_PROBE = 4;
    private static final int MAX_NAME = 1023;

    static boolean isMagic(byte[] head) {
        return head.length >= BYTES && head[0] == 'Q' && head[1] == 'E' && head[2] == 'D' && head[3] == 0;
    }

    static QedHeader read(BlockChild file) {
        ImageHeader header = ImageHeader.read(file, 0, BYTES, ByteOrder.LITTLE_ENDIAN);
        if (header.u32(0) != MAGIC) {
            throw QapiException.withErrno(Errno.EINVAL, "Image not in QED format");
        }
        long features = header.u64(16);
        long unknown = features & ~(BACKING_FILE | NEED_CHECK | BACKING_FORMAT_NO_PROBE);
        if (unknown != 0) {
            throw QapiException.withErrno(Errno.ENOTSUP, "Unsupported QED features: %x", unknown);
        }
        long clusterSize = header.u32(4);
        long tableClusters = header.u32(8);
        require(isPowerOfTwoWithin(clusterSize, 1 << 12, 1 << 26), "cluster size");
        long fileSize = file.node().length() / clusterSize * clusterSize;
        require(isPowerOfTwoWithin(tableClusters, 1, 16), "table size");
        long entries = tableClusters * clusterSize / Long.BYTES;
        long size = header.u64(48);
        require(size >= 0 && size % 512 == 0 && isWithinTables(size, entries, clusterSize), "image size");
        long l1Offset = header.u64(40);
        long headerBytes = header.u32(12) * clusterSize;
        require(
                l1Offset % clusterSize == 0
                        && l1Offset >= headerBytes
                        && l1Offset <= fileSize - tableClusters * clusterSize,
                "table offset");
        String backing = (features & BACKING_FILE) == 0 ? null : backingFile(file, header, headerBytes);
        String format = backing != null && (features & BACKING_FORMAT_NO_PROBE) != 0 ? "raw" : null;
        return new QedHeader(size, clusterSize, entries, l1Offset, backing, format);
    }

    private static boolean isPowerOfTwoWithin(long value, long least, long most) {
        return Long.bitCount(value) == 1 && value >= least && value <= most;
    }

    /** At most 2^22 entries squared, times 2^26. */
    private static boolean isWithinTables(long size, long entries, long clusterSize) {
        return Math.multiplyHigh(entries * entries, clusterSize) > 0 || size <= entries * entries * clusterSize;
    }

    private static String backingFile(BlockChild file, ImageHeader header, long headerBytes) {
        long offset = header.u32(56);
        long length = header.u32(60);
        require(offset + length <= headerBytes && length <= MAX_NAME, "backing filename");
        return ImageHeader.read(file, offset, (int) length, ByteOrder.LITTLE_ENDIAN)
                .name(0, (int) length);
    }

    private static void require(boolean valid, String what) {
        if (!valid) {
            throw QapiException.withErrno(Errno.EINVAL, "QED %s is invalid", what);
        }
    }
}

package org.qsd4j.block.driver.qcow;

import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/**
 * The header, big endian. QEMU: {@code QCowHeader}.
 *
 * @param size of the disk in bytes
 * @param l1Offset where the first table is, in bytes
 */
@Immutable
record QcowHeader(
        long size,
        int clusterBits,
        int l2Bits,
        long l1Offset,
        @Nullable String backingFile) {
    private static final int BYTES = 48;
    private static final String MAGIC = "QFI\u00fb";
    private static final int VERSION = 1;
    private static final int AES = 1;
    private static final int MAX_NAME = 1023;

    static boolean isMagic(byte[] head) {
        return head.length >= BYTES
                && head[0] == 'Q'
                && head[1] == 'F'
                && head[2] == 'I'
                && head[3] == (byte) 0xfb
                && head[4] == 0
                && head[5] == 0
                && head[6] == 0
                && head[7] == VERSION;
    }

    static QcowHeader read(BlockChild file) {
        ImageHeader header = ImageHeader.read(file, 0, BYTES, ByteOrder.BIG_ENDIAN);
        if (!header.has(0, MAGIC)) {
            throw invalid("Image not in qcow format");
        }
        if (header.u32(4) != VERSION) {
            throw unsupported("qcow (v%d) does not support qcow version %d", VERSION, header.u32(4));
        }
        long size = header.u64(24);
        if (Long.compareUnsigned(size, 1) <= 0) {
            throw invalid("Image size is too small (must be at least 2 bytes)");
        }
        int clusterBits = header.u8(32);
        if (clusterBits < 9 || clusterBits > 16) {
            throw invalid("Cluster size must be between 512 and 64k");
        }
        int l2Bits = header.u8(33);
        if (l2Bits < 9 - 3 || l2Bits > 16 - 3) {
            throw invalid("L2 table size must be between 512 and 64k");
        }
        checkEncryption(header.u32(36));
        int shift = clusterBits + l2Bits;
        if (Long.compareUnsigned(size, Long.MAX_VALUE - (1L << shift)) > 0) {
            throw invalid("Image too large");
        }
        if (((size + (1L << shift) - 1) >> shift) > Integer.MAX_VALUE / Long.BYTES) {
            throw invalid("Image too large");
        }
        requireReadable(file, header.u64(40));
        return new QcowHeader(size / 512 * 512, clusterBits, l2Bits, header.u64(40), backingFile(file, header));
    }

    private static void requireReadable(BlockChild file, long offset) {
        if (offset < 0 || offset > BlockNode.MAX_LENGTH - MAX_NAME) {
            throw ImageHeader.couldNotOpen(file, Errno.EIO);
        }
    }

    private static void checkEncryption(long method) {
        if (method > AES) {
            throw invalid("invalid encryption method in qcow header");
        }
        if (method == AES) {
            throw unsupported("Encrypted qcow images are not supported");
        }
    }

    private static @Nullable String backingFile(BlockChild file, ImageHeader header) {
        long offset = header.u64(8);
        long length = header.u32(16);
        if (offset == 0) {
            return null;
        }
        if (length > MAX_NAME) {
            throw invalid("Backing file name too long");
        }
        requireReadable(file, offset);
        return length == 0
                ? null
                : ImageHeader.read(file, offset, (int) length, ByteOrder.BIG_ENDIAN)
                        .name(0, (int) length);
    }

    private static QapiException invalid(String format, Object... args) {
        return QapiException.withErrno(Errno.EINVAL, format, args);
    }

    private static QapiException unsupported(String format, Object... args) {
        return QapiException.withErrno(Errno.ENOTSUP, format, args);
    }
}

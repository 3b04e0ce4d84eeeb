package org.qsd4j.block.driver.vdi;

import java.nio.ByteOrder;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.util.Align;

/**
 * The header, little endian. QEMU: {@code VdiHeader}.
 *
 * @param mapOffset where the block map is, in bytes
 * @param dataOffset where block 0 of the file is, in bytes
 * @param diskSize in bytes
 */
@Immutable
record VdiHeader(boolean isStatic, long mapOffset, long dataOffset, long diskSize) {
    static final int BLOCK_SIZE = 1 << 20;
    private static final int BYTES = 512;
    private static final int SECTOR = 512;
    private static final long SIGNATURE = 0xbeda107fL;
    private static final int SIGNATURE_OFFSET = 0x40;
    private static final int TYPE_STATIC = 2;
    private static final long MAX_BLOCKS = 0x1fffff80L;
    private static final long MAX_DISK_SIZE = MAX_BLOCKS * BLOCK_SIZE;
    private static final int UUID_BYTES = 16;

    static boolean isMagic(byte[] head) {
        return head.length >= BYTES
                && head[SIGNATURE_OFFSET] == 0x7f
                && head[SIGNATURE_OFFSET + 1] == 0x10
                && head[SIGNATURE_OFFSET + 2] == (byte) 0xda
                && head[SIGNATURE_OFFSET + 3] == (byte) 0xbe;
    }

    static VdiHeader read(BlockChild file) {
        ImageHeader header = ImageHeader.read(file, 0, BYTES, ByteOrder.LITTLE_ENDIAN);
        long diskSize = header.u64(0x170);
        if (Long.compareUnsigned(diskSize, MAX_DISK_SIZE) > 0) {
            throw unsupported(
                    "Unsupported VDI image size (size is 0x%x, max supported is 0x%x)", diskSize, MAX_DISK_SIZE);
        }
        check(header);
        long size = Align.up(diskSize, SECTOR);
        long blocks = header.u32(0x180);
        if (size > blocks * BLOCK_SIZE) {
            throw unsupported(
                    "unsupported VDI image (disk size %d, image bitmap has room for %d)", size, blocks * BLOCK_SIZE);
        }
        requireNoUuid(header, 0x1a8, "link");
        requireNoUuid(header, 0x1b8, "parent");
        if (blocks > MAX_BLOCKS) {
            throw unsupported("unsupported VDI image (too many blocks %d, max is %d)", blocks, MAX_BLOCKS);
        }
        return new VdiHeader(header.u32(0x4c) == TYPE_STATIC, header.u32(0x154), header.u32(0x158), size);
    }

    private static void check(ImageHeader header) {
        long signature = header.u32(SIGNATURE_OFFSET);
        if (signature != SIGNATURE) {
            throw QapiException.withErrno(Errno.EINVAL, "Image not in VDI format (bad signature %08x)", signature);
        }
        if (header.u32(0x44) != 0x00010001) {
            throw unsupported("unsupported VDI image (version %d.%d)", header.u16(0x46), header.u16(0x44));
        }
        if (header.u32(0x154) % SECTOR != 0) {
            throw unsupported("unsupported VDI image (unaligned block map offset 0x%x)", header.u32(0x154));
        }
        if (header.u32(0x158) % SECTOR != 0) {
            throw unsupported("unsupported VDI image (unaligned data offset 0x%x)", header.u32(0x158));
        }
        if (header.u32(0x168) != SECTOR) {
            throw unsupported("unsupported VDI image (sector size %d is not 512)", header.u32(0x168));
        }
        if (header.u32(0x178) != BLOCK_SIZE) {
            throw unsupported("unsupported VDI image (block size %d is not %d)", header.u32(0x178), BLOCK_SIZE);
        }
    }

    private static void requireNoUuid(ImageHeader header, int offset, String name) {
        if (!header.isZero(offset, UUID_BYTES)) {
            throw unsupported("unsupported VDI image (non-NULL %s UUID)", name);
        }
    }

    private static QapiException unsupported(String format, Object... args) {
        return QapiException.withErrno(Errno.ENOTSUP, format, args);
    }
}

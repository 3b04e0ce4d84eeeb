package org.qsd4j.block.driver.vhdx;

import java.nio.ByteOrder;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.sys.Errno;

/**
 * Where the parts of the image are, in bytes. [MS-VHDX] 2.2.3.
 *
 * @param tableOffset of the block allocation table
 * @param metadataOffset of the metadata table
 */
@Immutable
record VhdxRegions(long tableOffset, long metadataOffset) {
    private static final long FIRST = 192 << 10;
    private static final long SECOND = 256 << 10;
    private static final int BYTES = 64 << 10;
    private static final int MAX_ENTRIES = 2047;
    private static final int ENTRY_BYTES = 32;
    private static final String TABLE = "2dc27766f62342009d64115e9bfd4a08";
    private static final String METADATA = "8b7ca20647904b9ab8fe575f050f886e";
    private static final long MIB = 1 << 20;

    static VhdxRegions read(BlockChild file) {
        ImageHeader table = ImageHeader.read(file, FIRST, BYTES, ByteOrder.LITTLE_ENDIAN);
        if (!isValid(table)) {
            table = ImageHeader.read(file, SECOND, BYTES, ByteOrder.LITTLE_ENDIAN);
        }
        if (!isValid(table)) {
            throw ImageHeader.couldNotOpen(file, Errno.EINVAL);
        }
        long tableOffset = 0;
        long metadataOffset = 0;
        for (int i = 0; i < table.u32(8); i++) {
            int at = 16 + i * ENTRY_BYTES;
            String guid = VhdxGuid.at(table, at);
            long offset = table.u64(at + 16);
            boolean required = (table.u32(at + 28) & 1) != 0;
            if (guid.equals(TABLE) && tableOffset == 0) {
                tableOffset = offset;
            } else if (guid.equals(METADATA) && metadataOffset == 0) {
                metadataOffset = offset;
            } else if (guid.equals(TABLE) || guid.equals(METADATA)) {
                throw ImageHeader.couldNotOpen(file, Errno.EINVAL);
            } else if (required) {
                throw ImageHeader.couldNotOpen(file, Errno.ENOTSUP);
            }
        }
        requirePlace(file, tableOffset);
        requirePlace(file, metadataOffset);
        return new VhdxRegions(tableOffset, metadataOffset);
    }

    private static boolean isValid(ImageHeader table) {
        return table.has(0, "regi") && table.u32(8) <= MAX_ENTRIES && VhdxHeader.isIntact(table);
    }

    private static void requirePlace(BlockChild file, long offset) {
        if (offset < MIB || offset % MIB != 0 || offset >= file.node().length()) {
            throw ImageHeader.couldNotOpen(file, Errno.EINVAL);
        }
    }
}

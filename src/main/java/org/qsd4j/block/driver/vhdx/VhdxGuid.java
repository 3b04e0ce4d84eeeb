package org.qsd4j.block.driver.vhdx;

import org.qsd4j.block.sparse.ImageHeader;

/** GUIDs as they stand in an image: the first three groups little endian. [MS-DTYP] 2.3.4.2. */
final class VhdxGuid {
    private VhdxGuid() {}

    /** 32 lower-case hexadecimal digits, in the order in which GUIDs are written. */
    static String at(ImageHeader bytes, int offset) {
        StringBuilder guid = new StringBuilder();
        guid.append(String.format("%08x%04x%04x", bytes.u32(offset), bytes.u16(offset + 4), bytes.u16(offset + 6)));
        for (int i = 8; i < 16; i++) {
            guid.append(String.format("%02x", bytes.u8(offset + i)));
        }
        return guid.toString();
    }
}

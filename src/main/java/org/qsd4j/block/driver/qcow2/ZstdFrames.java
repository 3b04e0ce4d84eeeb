package org.qsd4j.block.driver.qcow2;

import org.qsd4j.sys.NativeBuffer;

/**
 * Finds the end of a Zstandard frame (RFC 8878, section 3.1.1) without decoding it. A compressed cluster's last sector may
 * go on with other data, which the decoder, given a whole buffer, would take for the next frame.
 */
final class ZstdFrames {
    private static final int MAGIC = 0xfd2f_b528;
    private static final int CHECKSUM = 4;
    private static final int BLOCK_HEADER = 3;
    private static final int RLE_BLOCK = 1;
    private static final int RESERVED_BLOCK = 3;

    private ZstdFrames() {}

    /** Bytes of the frame that starts at {@code at}, or -1 if there is none, whole, before {@code end}. */
    static int frameLength(NativeBuffer buffer, int at, int end) {
        if (end - at < 6 || buffer.getInt(at) != MAGIC) {
            return -1;
        }
        int descriptor = buffer.getByte(at + 4) & 0xff;
        int position = at + 5 + frameHeaderRest(descriptor);
        while (position + BLOCK_HEADER <= end) {
            int header = (buffer.getByte(position) & 0xff)
                    | ((buffer.getByte(position + 1) & 0xff) << 8)
                    | ((buffer.getByte(position + 2) & 0xff) << 16);
            int type = header >> 1 & 3;
            if (type == RESERVED_BLOCK) {
                return -1;
            }
            position += BLOCK_HEADER + (type == RLE_BLOCK ? 1 : header >> 3);
            if ((header & 1) != 0) {
                position += (descriptor & CHECKSUM) != 0 ? 4 : 0;
                return position <= end ? position - at : -1;
            }
        }
        return -1;
    }

    /** Window descriptor, dictionary id, content size. */
    private static int frameHeaderRest(int descriptor) {
        boolean singleSegment = (descriptor & 0x20) != 0;
        int dictionary = (1 << (descriptor & 3)) >> 1;
        int sizeFlag = descriptor >> 6;
        int contentSize = sizeFlag == 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
        return (singleSegment ? 0 : 1) + dictionary + contentSize;
    }
}

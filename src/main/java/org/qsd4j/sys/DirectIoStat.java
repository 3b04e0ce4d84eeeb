package org.qsd4j.sys;

/**
 * statx(2) with STATX_DIOALIGN: what O_DIRECT wants of a file, where the kernel (6.1) and the file system tell.
 *
 * <p>{@code struct statx}: stx_mask 0, stx_dio_mem_align 152, stx_dio_offset_align 156; 256 bytes.
 */
public final class DirectIoStat {
    private static final int STATX_DIOALIGN = 0x2000;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int MASK = 0;
    private static final int MEM_ALIGN = 152;
    private static final int OFFSET_ALIGN = 156;
    private static final int STRUCT_BYTES = 256;

    private final NativeBuffer struct = NativeBuffer.allocate(STRUCT_BYTES);
    private final NativeBuffer emptyPath = NativeBuffer.allocate(1);

    /** Asks about an open file; false if nobody can tell. */
    public boolean read(int fd) {
        int result = Libc.statx(fd, emptyPath.address(), AT_EMPTY_PATH, STATX_DIOALIGN, struct.address());
        return result == 0
                && (struct.getInt(MASK) & STATX_DIOALIGN) != 0
                && memoryAlignment() != 0
                && offsetAlignment() != 0;
    }

    /** What the address of the memory has to be a multiple of. */
    public int memoryAlignment() {
        return struct.getInt(MEM_ALIGN);
    }

    /** What offset and length have to be multiples of. */
    public int offsetAlignment() {
        return struct.getInt(OFFSET_ALIGN);
    }
}

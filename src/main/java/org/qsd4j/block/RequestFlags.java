package org.qsd4j.block;

/** Flags of a request. QEMU: {@code BDRV_REQ_*}. */
public final class RequestFlags {
    /** Write-zeroes may deallocate the range, as long as it reads as zeroes. */
    public static final int MAY_UNMAP = 0x01;

    /** The write is on stable storage when the request returns. */
    public static final int FUA = 0x02;

    /** Write-zeroes fails with ENOTSUP where it would have to write buffers of zeroes. */
    public static final int NO_FALLBACK = 0x04;

    /** Truncate: the area that is new reads as zeroes, whatever a backing file has there. */
    public static final int ZERO_WRITE = 0x08;

    /** The write leaves the visible contents as they are. */
    public static final int WRITE_UNCHANGED = 0x10;

    /** Write the data compressed. */
    public static final int WRITE_COMPRESSED = 0x20;

    private RequestFlags() {}
}

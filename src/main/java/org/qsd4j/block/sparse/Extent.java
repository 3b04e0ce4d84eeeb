package org.qsd4j.block.sparse;

import org.qsd4j.block.BlockChild;

/** Where a run of guest bytes is. Reused by its thread from request to request, so that asking allocates nothing. */
public final class Extent {
    /** Not in this image: in the backing file, else zeroes. */
    public static final int UNALLOCATED = 0;

    /** Reads as zeroes. */
    public static final int ZERO = 1;

    /** At {@link #hostOffset} of {@link #file}. */
    public static final int DATA = 2;

    /** In a chunk of {@link #chunkBytes} bytes at {@link #hostOffset}, a raw deflate stream. */
    public static final int DEFLATE = 3;

    /** The same, with zlib's header and checksum. */
    public static final int ZLIB = 4;

    private int kind;
    private long bytes;
    private BlockChild file;
    private long hostOffset;
    private int chunkBytes;
    private int chunkSize;
    private int inChunk;

    Extent(BlockChild file) {
        this.file = file;
    }

    /** One of the constants. */
    int kind() {
        return kind;
    }

    /** Length of the run, in bytes. */
    long bytes() {
        return bytes;
    }

    BlockChild file() {
        return file;
    }

    long hostOffset() {
        return hostOffset;
    }

    int chunkBytes() {
        return chunkBytes;
    }

    int chunkSize() {
        return chunkSize;
    }

    int inChunk() {
        return inChunk;
    }

    /** Makes the run no longer than that. */
    public void limit(long most) {
        bytes = Math.min(bytes, most);
    }

    public void setUnallocated(long bytes) {
        this.kind = UNALLOCATED;
        this.bytes = bytes;
    }

    public void setZero(long bytes) {
        this.kind = ZERO;
        this.bytes = bytes;
    }

    public void setData(BlockChild file, long hostOffset, long bytes) {
        this.kind = DATA;
        this.bytes = bytes;
        this.file = file;
        this.hostOffset = hostOffset;
    }

    /**
     * @param kind {@link #DEFLATE} or {@link #ZLIB}
     * @param chunkBytes what the chunk takes in the file
     * @param chunkSize what it decompresses to, at most; what is missing are zeroes
     * @param inChunk where in it the run starts
     */
    public void setCompressed(
            int kind, BlockChild file, long hostOffset, int chunkBytes, int chunkSize, int inChunk, long bytes) {
        this.kind = kind;
        this.bytes = bytes;
        this.file = file;
        this.hostOffset = hostOffset;
        this.chunkBytes = chunkBytes;
        this.chunkSize = chunkSize;
        this.inChunk = inChunk;
    }
}

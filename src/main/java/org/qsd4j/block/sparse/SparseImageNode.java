package org.qsd4j.block.sparse;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.DriverInfo;
import org.qsd4j.block.ImageNames;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevRefOrNull;
import org.qsd4j.qapi.gen.ImageInfo;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** An image that is only read, through a map that its driver knows. */
public abstract class SparseImageNode extends BlockNode {
    private static final long NO_CLUSTERS = 0;

    private final BlockChild file;
    private final @Nullable BlockChild backing;
    private final ThreadLocal<Extent> extents;
    private final DecompressedChunk chunk = new DecompressedChunk();

    /**
     * @param length in bytes
     * @throws QapiException if no node can be that long
     */
    protected SparseImageNode(OpenRequest request, BlockChild file, long length) {
        super(request);
        if (length < 0 || length > MAX_LENGTH) {
            throw ImageHeader.couldNotOpen(file, Errno.EFBIG);
        }
        this.file = file;
        this.backing = child("backing");
        this.extents = ThreadLocal.withInitial(() -> new Extent(file));
        limits().inherit(file.node().limits());
        setLength(length);
    }

    /** Goes on without the right to write, which these formats don't have here. */
    public static void requireReadOnly(OpenRequest request, String format) {
        request.applyAutoReadOnly("The " + format + " driver only reads: use read-only=on, or auto-read-only=on");
    }

    /**
     * Opens the backing file: the one that the definition names, else the one that the image names.
     *
     * @param ref the definition's {@code backing}; null if it has none
     * @param recorded what the image says, as it stands there; null if it says nothing
     * @param format the driver that the image says; null if it doesn't
     */
    public static void openBacking(
            OpenRequest request,
            BlockChild file,
            @Nullable BlockdevRefOrNull ref,
            @Nullable String recorded,
            @Nullable String format) {
        String name = recorded == null ? null : ImageNames.resolve(file.node().locatingFilename(), recorded);
        request.openBackingOfKnownFormat(ref, name, format);
    }

    /** Adds the backing file that the image records to a description. */
    protected final void describeBacking(ImageInfo.Builder info, @Nullable String recorded, @Nullable String format) {
        if (recorded != null) {
            String imageName = file.node().locatingFilename();
            info.backingFilename(recorded);
            info.backingFilenameFormat(format);
            info.fullBackingFilename(imageName == null ? null : ImageNames.resolve(imageName, recorded));
        }
    }

    /** The image file. */
    protected final BlockChild file() {
        return file;
    }

    /** Size of a cluster in bytes; 0 where the format has none. */
    protected long clusterSize() {
        return NO_CLUSTERS;
    }

    /**
     * Says where the bytes from {@code offset} on are.
     *
     * @param bytes how many the caller wants to know of; the answer may be longer or shorter
     * @return 0 or -errno
     */
    @ThreadSafe
    protected abstract int map(long offset, long bytes, Extent extent);

    /** More flags for a range of data. */
    protected int dataStatus() {
        return 0;
    }

    @Override
    protected final int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        Extent extent = extents.get();
        int done = 0;
        while (done < bytes) {
            int result = map(offset + done, bytes - done, extent);
            if (result < 0) {
                return result;
            }
            int run = (int) Math.min(extent.bytes(), bytes - done);
            result = readRun(extent, offset + done, buffer, at + done, run);
            if (result < 0) {
                return result;
            }
            done += run;
        }
        return 0;
    }

    private int readRun(Extent extent, long offset, NativeBuffer buffer, int at, int bytes) {
        return switch (extent.kind()) {
            case Extent.DATA -> readFile(extent, buffer, at, bytes);
            case Extent.DEFLATE, Extent.ZLIB -> chunk.read(extent, buffer, at, bytes);
            case Extent.UNALLOCATED -> readBacking(offset, buffer, at, bytes);
            default -> {
                buffer.zero(at, bytes);
                yield 0;
            }
        };
    }

    private static int readFile(Extent extent, NativeBuffer buffer, int at, int bytes) {
        long hostOffset = extent.hostOffset();
        if (hostOffset < 0 || hostOffset > MAX_LENGTH - bytes) {
            return -Errno.EIO;
        }
        return extent.file().read(hostOffset, buffer, at, bytes);
    }

    private int readBacking(long offset, NativeBuffer buffer, int at, int bytes) {
        if (backing != null) {
            return backing.read(offset, buffer, at, bytes);
        }
        buffer.zero(at, bytes);
        return 0;
    }

    @Override
    protected final int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        Extent extent = extents.get();
        int result = map(offset, bytes, extent);
        if (result < 0) {
            return result;
        }
        long run = extent.bytes();
        switch (extent.kind()) {
            case Extent.DATA ->
                status.set(
                        BlockStatus.DATA | BlockStatus.OFFSET_VALID | dataStatus(),
                        run,
                        extent.hostOffset(),
                        extent.file().node());
            case Extent.ZERO -> status.set(BlockStatus.ZERO, run, 0, null);
            case Extent.UNALLOCATED -> status.set(backing == null ? BlockStatus.ZERO : 0, run, 0, null);
            default -> status.set(BlockStatus.DATA | BlockStatus.COMPRESSED, run, 0, null);
        }
        return 0;
    }

    @Override
    public long allocatedSize() {
        return file.node().allocatedSize();
    }

    @Override
    public @Nullable DriverInfo driverInfo() {
        return new DriverInfo(clusterSize(), false);
    }

    @Override
    protected void doClose() {}
}

package org.qsd4j.block.driver.qcow2;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.DirtyBitmap;
import org.qsd4j.block.DriverInfo;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.block.SnapshotStore;
import org.qsd4j.crypto.BlockCrypto;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockDeviceInfo;
import org.qsd4j.qapi.gen.ImageInfo;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** An open qcow2 image. The requests' entrance: counts them in and out, and hands them on. */
final class Qcow2Node extends BlockNode {
    private final Qcow2Image image;
    private final ClusterMapper mapper;
    private final Qcow2Reader reader;
    private final Qcow2Writer writer;
    private final CompressedWriter compressedWriter;
    private final ZeroClusters zeroes;
    private final ImageResize resize;
    private final Qcow2Snapshots snapshots;

    /** What {@link #doChangeBackingFile} has written, until another instance reads it. Main loop. */
    private @Nullable BackingFileName changedName;

    Qcow2Node(OpenRequest request, Qcow2Image image) {
        super(request);
        this.image = image;
        this.mapper = new ClusterMapper(image);
        this.reader = new Qcow2Reader(image, mapper);
        CopyOnWrite copyOnWrite = new CopyOnWrite(image, mapper, reader);
        this.writer = new Qcow2Writer(image, mapper, copyOnWrite);
        this.compressedWriter = new CompressedWriter(image, mapper, writer);
        this.zeroes = new ZeroClusters(image, mapper, copyOnWrite, writer);
        this.resize = new ImageResize(image, zeroes);
        this.snapshots = new Qcow2Snapshots(image);
        setLength(image.diskLength());
        limits().inherit(image.data.node().limits());
        if (image.guestData.isEncrypted()) {
            limits().requestAlignment = BlockCrypto.SECTOR;
        }
        limits().pwriteZeroesAlignment = image.geometry.subclusterSize;
        limits().pdiscardAlignment = image.geometry.clusterSize;
    }

    Qcow2Image image() {
        return image;
    }

    /** What every change that can't be is answered with; else 0. */
    private int refusal(long offset, long bytes) {
        if (image.readOnly) {
            return -Errno.EPERM;
        }
        return offset + bytes > length() ? -Errno.EIO : 0;
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        int refusal = refusal(offset, bytes);
        if (refusal < 0) {
            return refusal;
        }
        int ticket = image.gracePeriod.enter();
        try {
            int marked = image.bitmaps().mark(offset, bytes);
            if (marked < 0 || image.isEjected()) {
                return marked < 0 ? marked : -Errno.ENOMEDIUM;
            }
            return (flags & RequestFlags.WRITE_COMPRESSED) == 0
                    ? writer.write(offset, buffer, at, bytes)
                    : compressedWriter.write(offset, buffer, at, bytes);
        } finally {
            image.gracePeriod.exit(ticket);
        }
    }

    @Override
    public boolean supportsCompressedWrites() {
        return true;
    }

    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        int refusal = refusal(offset, bytes);
        if (refusal < 0) {
            return refusal;
        }
        int ticket = image.gracePeriod.enter();
        try {
            int marked = image.bitmaps().mark(offset, bytes);
            if (marked < 0 || image.isEjected()) {
                return marked < 0 ? marked : -Errno.ENOMEDIUM;
            }
            return zeroes.writeZeroes(offset, bytes, flags);
        } finally {
            image.gracePeriod.exit(ticket);
        }
    }

    @Override
    protected int doDiscard(long offset, long bytes) {
        int refusal = refusal(offset, bytes);
        if (refusal < 0) {
            return refusal;
        }
        int ticket = image.gracePeriod.enter();
        try {
            int marked = image.bitmaps().mark(offset, bytes);
            if (marked < 0 || image.isEjected()) {
                return marked < 0 ? marked : -Errno.ENOMEDIUM;
            }
            return zeroes.discard(offset, bytes);
        } finally {
            image.gracePeriod.exit(ticket);
        }
    }

    @Override
    protected SnapshotStore snapshotStore() {
        return snapshots;
    }

    @Override
    public @Nullable DirtyBitmap findDirtyBitmap(String name) {
        return image.bitmaps().find(name);
    }

    @Override
    protected int doFlush() {
        if (image.readOnly) {
            return 0;
        }
        return image.isEjected() ? -Errno.ENOMEDIUM : image.flushAll();
    }

    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        if (image.readOnly) {
            throw QapiException.fromErrno(Errno.EACCES, "Image is read-only");
        }
        resize.check(offset);
        long oldLength = length();
        if (offset > oldLength) {
            resize.grow(oldLength, offset);
            setLength(offset);
            preallocate(oldLength, offset, prealloc);
        } else if (offset < oldLength) {
            if (prealloc != PreallocMode.OFF) {
                throw QapiException.withErrno(Errno.ENOTSUP, "Preallocation can't be used for shrinking files");
            }
            // Requests behind the new end fail from here on; those under way keep their clusters until they end.
            setLength(offset);
            try {
                resize.shrink(oldLength, offset);
            } finally {
                setLength(image.diskLength());
            }
        }
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        int ticket = image.gracePeriod.enter();
        try {
            return image.isEjected() ? -Errno.ENOMEDIUM : reader.read(offset, buffer, at, bytes);
        } finally {
            image.gracePeriod.exit(ticket);
        }
    }

    @Nullable
    ImageEncryption encryption() {
        return image.guestData.encryption();
    }

    /** See {@link Preallocation#preallocate}. */
    void preallocate(long from, long end, PreallocMode mode) {
        int ticket = image.gracePeriod.enter();
        try {
            new Preallocation(image).preallocate(from, end, mode);
        } finally {
            image.gracePeriod.exit(ticket);
        }
    }

    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        int ticket = image.gracePeriod.enter();
        try {
            return image.isEjected() ? -Errno.ENOMEDIUM : statusOf(offset, bytes, status);
        } finally {
            image.gracePeriod.exit(ticket);
        }
    }

    private int statusOf(long offset, long bytes, BlockStatus status) {
        Mapping mapping = image.scratch().probing;
        int result = mapper.map(offset, bytes, mapping);
        if (result < 0) {
            return result;
        }
        switch (mapping.type) {
            case Mapping.DATA -> placedStatus(BlockStatus.DATA, mapping, status);
            case Mapping.ZERO_ALLOCATED -> placedStatus(BlockStatus.ZERO, mapping, status);
            case Mapping.ZERO_PLAIN -> status.set(BlockStatus.ZERO | BlockStatus.ALLOCATED, mapping.bytes, 0, null);
            case Mapping.COMPRESSED ->
                status.set(BlockStatus.DATA | BlockStatus.COMPRESSED | BlockStatus.ALLOCATED, mapping.bytes, 0, null);
            case Mapping.UNALLOCATED, Mapping.UNALLOCATED_PLACED -> status.set(0, mapping.bytes, 0, null);
            default -> {
                return InvalidEntry.onRead(image, mapping, offset);
            }
        }
        if (offset + status.bytes >= length()) {
            status.flags |= BlockStatus.EOF;
        }
        return 0;
    }

    /** What is at the place is of use to others only if it isn't encrypted. */
    private void placedStatus(int kind, Mapping mapping, BlockStatus status) {
        if (image.guestData.isEncrypted()) {
            status.set(kind | BlockStatus.ALLOCATED, mapping.bytes, 0, null);
        } else {
            int flags = kind | BlockStatus.OFFSET_VALID | BlockStatus.ALLOCATED;
            status.set(flags, mapping.bytes, mapping.hostOffset, image.data.node());
        }
    }

    @Override
    public DriverInfo driverInfo() {
        return new DriverInfo(image.geometry.clusterSize, image.isDirty());
    }

    @Override
    protected void describe(ImageInfo.Builder info) {
        ImageDescription.describe(image, info);
    }

    @Override
    public long allocatedSize() {
        return image.file.node().allocatedSize();
    }

    @Override
    protected void describe(BlockDeviceInfo.Builder info) {
        info.encrypted(image.guestData.isEncrypted());
    }

    @Override
    protected void doClose() {
        int result;
        try {
            result = finishWriting();
        } finally {
            image.guestData.close();
        }
        if (result < 0) {
            image.corruption.report("Failed flush for '" + nodeName() + "' during close: " + Errno.message(-result));
        }
    }

    /** What is only in memory goes into the image, whose bitmaps are whole then. 0 or -errno. */
    private int finishWriting() {
        if (image.readOnly || image.isEjected()) {
            return 0;
        }
        int result = image.flushAll();
        if (result == 0) {
            // What the first flush has released is counted down by the second.
            result = image.flushAll();
        }
        return result == 0 ? image.bitmaps().end() : result;
    }

    @Override
    protected void doSuspend() {
        if (!image.readOnly) {
            image.bitmaps().requireIdle();
        }
        int result = image.isEjected() ? -Errno.ENOMEDIUM : finishWriting();
        if (result == 0) {
            result = image.file.flush();
        }
        if (result == 0 && image.data != image.file) {
            result = image.data.flush();
        }
        if (result < 0) {
            doResume();
            throw QapiException.fromErrno(result, "Error flushing drive");
        }
    }

    @Override
    protected void doResume() {
        int result = changedName == null ? 0 : changedName.takeBack();
        changedName = null;
        if (result < 0) {
            image.corruption.report(
                    "The backing file's name in '" + nodeName() + "' could not be restored: " + Errno.message(-result));
        }
        result = image.readOnly || image.isEjected() ? 0 : image.bitmaps().resume();
        if (result < 0) {
            image.corruption.report(
                    "Writes to '" + nodeName() + "' fail until its bitmaps record them: " + Errno.message(-result));
        }
    }

    /** All else that it had to give up it did when it was suspended. */
    @Override
    protected void doRetire() {
        image.guestData.close();
    }

    @Override
    protected int doChangeBackingFile(String name, String format) {
        if (image.readOnly) {
            return -Errno.EPERM;
        }
        changedName = new BackingFileName(image.file, image.geometry);
        return changedName.write(name, format);
    }

    @Override
    protected void doChangeBacking(@Nullable BlockChild child) {
        image.setBacking(child);
    }
}

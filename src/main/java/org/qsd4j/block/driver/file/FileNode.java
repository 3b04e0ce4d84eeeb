package org.qsd4j.block.driver.file;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.DriverInfo;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.Permission;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockStatsSpecific;
import org.qsd4j.qapi.gen.BlockStatsSpecificBase;
import org.qsd4j.qapi.gen.BlockdevDriver;
import org.qsd4j.qapi.gen.ImageInfo;
import org.qsd4j.qapi.gen.ImageInfoSpecific;
import org.qsd4j.qapi.gen.ImageInfoSpecificBase;
import org.qsd4j.qapi.gen.ImageInfoSpecificFile;
import org.qsd4j.qapi.gen.ImageInfoSpecificFileWrapper;
import org.qsd4j.qapi.gen.ImageInfoSpecificKind;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.FileStat;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** An image in a regular file; what every file has, and {@link HostDeviceNode} takes over. */
class FileNode extends BlockNode {
    private final String filename;
    private final FileDescriptors descriptors;
    private final @Nullable FileLocks locks;
    private final FileDiscards discards;
    private final FileAllocation allocation = new FileAllocation();
    private final FileHoles holes = new FileHoles();

    /** The descriptor that requests use. Written by the main loop when permissions change; the old one stays open. */
    private volatile int fd;

    /** Of the instance that a reopening has made last. */
    private @Nullable FileDescriptors successor;

    /** Lent to one request at a time, so that asking for the allocated size makes no garbage. */
    private final AtomicReference<@Nullable FileStat> spareStat = new AtomicReference<>();

    /**
     * The errno of the first fdatasync that failed, else 0. The kernel may have dropped the pages that it couldn't write
     * and report success the next time, so no later flush may succeed. Written by flushes, read by flushes.
     */
    private volatile int lostWrites;

    /** Cleared by the first write that finds it to be otherwise. */
    private volatile boolean canWriteDurably = true;

    FileNode(OpenRequest request, String filename, FileDescriptors descriptors, @Nullable FileLocks locks) {
        this(request, filename, descriptors, locks, new FileDiscards());
    }

    /** The successor of {@code old}, whose locks and statistics it shares. */
    FileNode(OpenRequest request, FileNode old, FileDescriptors descriptors) {
        this(request, old.filename, descriptors, old.locks, old.discards);
        lostWrites = old.lostWrites;
    }

    private FileNode(
            OpenRequest request,
            String filename,
            FileDescriptors descriptors,
            @Nullable FileLocks locks,
            FileDiscards discards) {
        super(request);
        this.discards = discards;
        this.filename = filename;
        this.descriptors = descriptors;
        this.locks = locks;
        this.fd = descriptors.fd();
        limits().minMemoryAlignment = 1;
        if (descriptors.isDirect()) {
            DirectAlignment.probe(fd, limits());
        }
        setLength(seekEnd(fd));
    }

    /** A successor with the request's flags, which shares the locks. */
    final FileNode reopen(OpenRequest request) {
        FileDescriptors reopened = descriptors.reopen(request.flags());
        try {
            reopened.requireWritable();
            FileNode node = successor(request, reopened);
            successor = reopened;
            return node;
        } catch (QapiException e) {
            reopened.close();
            throw e;
        }
    }

    /** An instance of the same class. */
    FileNode successor(OpenRequest request, FileDescriptors reopened) {
        return new FileNode(request, this, reopened);
    }

    /** The descriptor that requests use. */
    final int fd() {
        return fd;
    }

    final FileDescriptors descriptors() {
        return descriptors;
    }

    final FileDiscards discards() {
        return discards;
    }

    @Override
    protected void doRetire() {
        if (successor != null) {
            descriptors.handLocksTo(successor);
        }
        doClose();
    }

    static long seekEnd(int fd) {
        long length = Libc.lseek(fd, 0, Libc.SEEK_END);
        if (length < 0) {
            throw QapiException.fromErrno((int) length, "Could not refresh total sector count");
        }
        return length;
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        return FileIo.read(fd, offset, buffer, at, bytes);
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        if ((flags & RequestFlags.FUA) != 0) {
            return writeDurably(offset, buffer, at, bytes);
        }
        return FileIo.write(fd, offset, buffer, at, bytes);
    }

    @Override
    protected long lengthAfterFailure() {
        return Libc.lseek(fd, 0, Libc.SEEK_END);
    }

    private int writeDurably(long offset, NativeBuffer buffer, int at, int bytes) {
        if (canWriteDurably) {
            int result = FileIo.writeDurably(fd, offset, buffer, at, bytes);
            if (result != -Errno.ENOTSUP) {
                // It may have been the write-back of other pages that failed, and the kernel tells that once.
                if (result == -Errno.EIO && !descriptors.isDirect()) {
                    lostWrites = Errno.EIO;
                }
                return result;
            }
            canWriteDurably = false;
        }
        int result = FileIo.write(fd, offset, buffer, at, bytes);
        return result < 0 ? result : doFlush();
    }

    @Override
    protected boolean honoursFua() {
        return true;
    }

    @Override
    protected boolean honoursFuaOfZeroes() {
        return false;
    }

    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        int result = allocation.zero(fd, offset, bytes, (flags & RequestFlags.MAY_UNMAP) != 0, length());
        holes.changed(offset, bytes);
        return result;
    }

    @Override
    protected int doDiscard(long offset, long bytes) {
        int result = allocation.discard(fd, offset, bytes);
        discards.count(bytes, result);
        holes.changed(offset, bytes);
        return result;
    }

    @Override
    protected int doFlush() {
        if (lostWrites != 0) {
            return -lostWrites;
        }
        int result;
        do {
            result = Libc.fdatasync(fd);
        } while (result == -Errno.EINTR);
        if (result < 0 && !descriptors.isDirect()) {
            lostWrites = -result;
        }
        return result;
    }

    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        if (wantZero) {
            holes.status(this, fd, offset, bytes, status);
        } else {
            FileHoles.data(this, offset, bytes, status);
        }
        return 0;
    }

    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        try {
            FileResize.resize(fd, offset, prealloc);
        } finally {
            holes.resized();
            // A write of another user may have made the file longer since it was asked for its length.
            long length;
            do {
                length = seekEnd(fd);
                setLength(length);
            } while (seekEnd(fd) != length);
        }
    }

    /** With O_DIRECT the user wants to go past the page cache, which others would use. */
    @Override
    public @Nullable BlockNode hostFileNode() {
        return descriptors.isDirect() ? null : this;
    }

    @Override
    public int hostFd() {
        return fd;
    }

    @Override
    public long allocatedSize() {
        FileStat stat = spareStat.getAndSet(null);
        if (stat == null) {
            stat = new FileStat();
        }
        int result = stat.read(fd);
        long allocated = result < 0 ? result : stat.allocatedBytes();
        spareStat.set(stat);
        return allocated;
    }

    @Override
    public String exactFilename() {
        return filename;
    }

    @Override
    protected BlockStatsSpecific driverStatistics() {
        return new BlockStatsSpecific.File(new BlockStatsSpecificBase(BlockdevDriver.FILE), discards.statistics());
    }

    @Override
    public DriverInfo driverInfo() {
        return new DriverInfo(0, false);
    }

    @Override
    protected void describe(ImageInfo.Builder info) {
        ImageInfoSpecificFile nothing = new ImageInfoSpecificFile(null);
        info.formatSpecific(new ImageInfoSpecific.File(
                new ImageInfoSpecificBase(ImageInfoSpecificKind.FILE), new ImageInfoSpecificFileWrapper(nothing)));
    }

    @Override
    protected void doCheckPermissions(int perm, int shared) {
        descriptors.prepare(writes(perm));
        if (locks != null) {
            boolean active = flags().active();
            locks.check(active ? perm : 0, active ? shared : Permission.ALL);
        }
    }

    private static boolean writes(int perm) {
        return (perm & (Permission.WRITE | Permission.WRITE_UNCHANGED | Permission.RESIZE)) != 0;
    }

    @Override
    protected void doSetPermissions(int perm, int shared) {
        descriptors.commit(writes(perm));
        fd = descriptors.fd();
        if (locks != null) {
            locks.commit();
        }
    }

    @Override
    protected void doAbortPermissions() {
        descriptors.abort();
        if (locks != null) {
            locks.abort();
        }
    }

    @Override
    protected void doClose() {
        descriptors.close();
    }
}

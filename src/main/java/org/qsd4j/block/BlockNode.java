package org.qsd4j.block;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.qapi.gen.BlockDeviceInfo;
import org.qsd4j.qapi.gen.BlockStatsSpecific;
import org.qsd4j.qapi.gen.BlockdevDetectZeroesOptions;
import org.qsd4j.qapi.gen.ImageInfo;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/**
 * An open node of the block graph. QEMU: {@code BlockDriverState}. Each driver's subclass implements the {@code do…}
 * methods; parents call the public ones, which first make the request fit for the driver (limits, read-only, zero
 * detection, FUA).
 *
 * <p>Requests may come from any number of threads at once and run to completion on the caller's. Their results are 0, or
 * a negative errno. The graph around the node changes only on the main loop's thread, while the node is drained.
 */
public abstract class BlockNode {
    /** Requests, offsets and sizes stay below this, so that sums of two never overflow. QEMU: {@code BDRV_MAX_LENGTH}. */
    public static final long MAX_LENGTH = Long.MAX_VALUE & -(1L << 30);

    private static final int SECTOR = 512;
    private static final VarHandle LENGTH;

    static {
        try {
            LENGTH = MethodHandles.lookup().findVarHandle(BlockNode.class, "length", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final NodeState state;
    private final String nodeName;
    private final BlockLimits limits = new BlockLimits();

    /** Written by requests that grow the node and by truncate; read by all. */
    private volatile long length;

    /** Whose length counts instead of {@link #length}, if any. Written by the main loop. */
    private volatile @Nullable BlockChild lengthSource;

    private long lengthSourceOffset;

    private final WriteStatistics statistics;
    private final FlushGeneration generation = new FlushGeneration();
    private final BounceBuffers bounceBuffers = new BounceBuffers(limits);
    private final SerialisedRanges serialisedRanges = new SerialisedRanges();

    // Written by the main loop while the node is drained: what follows from its flags and edges.
    private boolean unmap;
    private boolean detectsZeroes;
    private int zeroesMayUnmap;

    /** A format still has to hand its own caches down; its file then ignores the flush. */
    private boolean ignoresFlush;

    private @Nullable BlockChild backing;

    /** What has the data that this node doesn't hold itself. QEMU: {@code bdrv_filter_or_cow_child}. */
    private @Nullable BlockChild filteredOrBacking;

    /** What stands for this node's image. QEMU: {@code bdrv_primary_child}. */
    private @Nullable BlockChild primary;

    /** Written by the main loop while the node is drained. */
    private boolean refusesWrites;

    /** Takes over what the request has settled: name, flags, children. The driver calls it last, when it has succeeded. */
    protected BlockNode(OpenRequest request) {
        this.state = request.state();
        this.nodeName = request.nodeName();
        this.statistics = state.statistics;
        this.refusesWrites = request.isReadOnly();
        takeChildren();
        takeFlags(request.flags());
    }

    private @Nullable BlockChild childWithRole(int role) {
        for (BlockChild child : state.children) {
            if ((child.role & role) != 0) {
                return child;
            }
        }
        return null;
    }

    private void takeChildren() {
        backing = child("backing");
        filteredOrBacking = state.driver.isFilter() ? childWithRole(ChildRole.FILTERED) : backing;
        primary = childWithRole(ChildRole.PRIMARY);
    }

    private void takeFlags(OpenFlags flags) {
        unmap = flags.unmap();
        detectsZeroes = flags.detectZeroes() != BlockdevDetectZeroesOptions.OFF;
        zeroesMayUnmap = flags.detectZeroes() == BlockdevDetectZeroesOptions.UNMAP ? RequestFlags.MAY_UNMAP : 0;
        ignoresFlush = flags.noFlush() && state.driver.isProtocol();
    }

    final NodeState state() {
        return state;
    }

    public final String nodeName() {
        return nodeName;
    }

    /** What this node demands of requests. Set when it opens, constant while requests run. */
    public final BlockLimits limits() {
        return limits;
    }

    /** Size in bytes. QEMU: {@code total_sectors}, without its rounding. */
    @ThreadSafe
    public final long length() {
        BlockChild source = lengthSource;
        return source == null ? length : Math.max(0, source.node().length() - lengthSourceOffset);
    }

    /** The node below, or this one, that {@link #length()} is the length of. */
    final BlockNode lengthOwner() {
        BlockChild source = lengthSource;
        return source == null ? this : source.node().lengthOwner();
    }

    protected final void setLength(long bytes) {
        length = bytes;
    }

    /**
     * The node is as long as a child behind an offset, whoever changes that. QEMU: {@code has_variable_length}.
     *
     * @param offset always the same one
     */
    @MainThread
    protected final void followLength(BlockChild child, long offset) {
        lengthSourceOffset = offset;
        lengthSource = child;
    }

    /** The node no longer follows a child's length. */
    @MainThread
    protected final void setOwnLength(long bytes) {
        length = bytes;
        lengthSource = null;
    }

    /**
     * Whoever changes the size depending on what it is holds this, whichever user of the node it is: two that make the
     * node longer must not make it shorter again. Taken before a request begins, so that a drain never waits for it.
     */
    @ThreadSafe
    public final Object resizeLock() {
        return lengthOwner().state.resizeLock;
    }

    /** After a write that ended at {@code end}: the node is at least that long. */
    final void growTo(long end) {
        if (lengthSource != null) {
            return;
        }
        long seen = length;
        while (seen < end && !LENGTH.compareAndSet(this, seen, end)) {
            seen = length;
        }
    }

    /** {@link #length()} rounded up to 512, as QEMU shows it. */
    @ThreadSafe
    public final long sectorAlignedLength() {
        return Align.up(length(), SECTOR);
    }

    /** Whether the node was opened read-only; an inactive node refuses writes too, but may become active. */
    @MainThread
    public final boolean isReadOnly() {
        return state.flags.readOnly();
    }

    /** After a change of the node's flags or of its backing file; it is drained. */
    @MainThread
    final void refresh() {
        refusesWrites = !state.isWritable();
        takeFlags(state.flags);
        takeChildren();
        // Flushes that were ignored so far have left something to be flushed.
        generation.wrote();
    }

    /** Where writes have reached, and who wants to know. */
    @MainThread
    public final WriteStatistics statistics() {
        return statistics;
    }

    /** Counters that only this driver has, or null. */
    @MainThread
    protected @Nullable BlockStatsSpecific driverStatistics() {
        return null;
    }

    /** The options that every driver has, as they were settled when the node was opened. */
    @MainThread
    public final OpenFlags flags() {
        return state.flags;
    }

    @MainThread
    public final BlockDriver driver() {
        return state.driver;
    }

    /** The edges to the nodes below, in the order in which they were attached. */
    @MainThread
    public final List<BlockChild> children() {
        return Collections.unmodifiableList(state.children);
    }

    /** The child of that name, or null. */
    @MainThread
    public final @Nullable BlockChild child(String name) {
        for (BlockChild child : state.children) {
            if (child.name().equals(name)) {
                return child;
            }
        }
        return null;
    }

    /**
     * Reads {@code bytes} at {@code offset} into the buffer at {@code at}. What lies behind the end reads as zeroes.
     *
     * @return 0 or -errno
     */
    @ThreadSafe
    public final int read(long offset, NativeBuffer buffer, int at, int bytes) {
        if (bytes == 0) {
            return 0;
        }
        long available = length() - offset;
        if (available >= bytes && fits(offset, bytes, buffer, at)) {
            return doRead(offset, buffer, at, bytes);
        }
        return UnfitRequest.read(this, offset, buffer, at, bytes);
    }

    /**
     * Writes {@code bytes} from the buffer at {@code at} to {@code offset}; behind the end it grows the node, if its
     * driver can.
     *
     * @param flags {@link RequestFlags#FUA}, {@link RequestFlags#WRITE_UNCHANGED}, {@link RequestFlags#WRITE_COMPRESSED}
     * @return 0 or -errno
     */
    @ThreadSafe
    public final int write(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        if (bytes == 0) {
            return 0;
        }
        if (refusesWrites) {
            return -Errno.EPERM;
        }
        if ((flags & RequestFlags.WRITE_COMPRESSED) != 0 && !supportsCompressedWrites()) {
            return -Errno.ENOTSUP;
        }
        if (detectsZeroes && (flags & RequestFlags.WRITE_COMPRESSED) == 0 && buffer.isZero(at, bytes)) {
            return writeZeroes(offset, bytes, flags | zeroesMayUnmap);
        }
        return writeData(offset, buffer, at, bytes, flags);
    }

    /** A write whose contents don't matter. */
    final int writeData(long offset, NativeBuffer buffer, int at, int bytes, int wantedFlags) {
        statistics.checkWriteThreshold(padded(offset + bytes));
        int flags = ignoresFlush ? wantedFlags & ~RequestFlags.FUA : wantedFlags;
        int result = limits.requestAlignment == 1 && !state.serialisesWrites && fits(offset, bytes, buffer, at)
                ? doWrite(offset, buffer, at, bytes, flags)
                : UnfitRequest.write(this, offset, buffer, at, bytes, flags);
        wrote(result, offset + bytes);
        return result == 0 && (flags & RequestFlags.FUA) != 0 && !honoursFua() ? flush() : result;
    }

    /** A write that has failed may have left traces all the same, which a flush has to see to. */
    final void wrote(int result, long end) {
        growTo(result == 0 ? end : lengthAfterFailure());
        generation.wrote();
        statistics.wrote(padded(end));
    }

    /** How long the image has become by a write that has failed after its first part. */
    protected long lengthAfterFailure() {
        return length();
    }

    /** Where a write ends with what is added to align it. */
    private long padded(long end) {
        return Align.up(end, limits.requestAlignment);
    }

    private boolean fits(long offset, int bytes, NativeBuffer buffer, int at) {
        return ((offset | bytes) & (limits.requestAlignment - 1)) == 0
                && ((buffer.address() + at) & (limits.memoryAlignment - 1)) == 0
                && (limits.maxTransfer == 0 || bytes <= limits.maxTransfer);
    }

    /**
     * Makes a range read as zeroes.
     *
     * @param flags {@link RequestFlags#MAY_UNMAP}, {@link RequestFlags#NO_FALLBACK}, {@link RequestFlags#FUA}
     * @return 0 or -errno; ENOTSUP only with NO_FALLBACK
     */
    @ThreadSafe
    public final int writeZeroes(long offset, long bytes, int flags) {
        if (refusesWrites) {
            return -Errno.EPERM;
        }
        statistics.checkWriteThreshold(padded(offset + bytes));
        boolean durable = (flags & RequestFlags.FUA) != 0;
        int passedOn = durable && honoursFuaOfZeroes() ? flags : flags & ~RequestFlags.FUA;
        int result = ZeroRequest.write(this, offset, bytes, unmap ? passedOn : passedOn & ~RequestFlags.MAY_UNMAP);
        wrote(result, offset + bytes);
        return result == 0 && durable && !honoursFuaOfZeroes() ? flush() : result;
    }

    /**
     * Tells the node that a range's contents are no longer wanted; it may read as anything afterwards. Ignored unless the
     * node was opened with {@code discard=unmap}.
     */
    @ThreadSafe
    public final int discard(long offset, long bytes) {
        if (refusesWrites) {
            return -Errno.EPERM;
        }
        if (!unmap || bytes == 0) {
            return 0;
        }
        int result =
                state.serialisesWrites ? serialisedDiscard(offset, bytes) : DiscardRequest.discard(this, offset, bytes);
        generation.wrote();
        return result;
    }

    private int serialisedDiscard(long offset, long bytes) {
        long locks = serialisedRanges.lock(offset, offset + bytes, false);
        try {
            return DiscardRequest.discard(this, offset, bytes);
        } finally {
            serialisedRanges.unlock(locks, false);
        }
    }

    /** Returns once every write that has returned before is on stable storage. */
    @ThreadSafe
    public final int flush() {
        if (!refusesWrites) {
            tellPrimary(BlkdebugEvent.FLUSH_TO_OS);
        }
        if (ignoresFlush) {
            return 0;
        }
        long flushing = generation.begin();
        if (flushing < 0) {
            return 0;
        }
        tellPrimary(BlkdebugEvent.FLUSH_TO_DISK);
        int result = doFlush();
        if (result == 0) {
            generation.end(flushing);
        }
        return result;
    }

    private void tellPrimary(BlkdebugEvent event) {
        BlockChild below = primary;
        if (below != null) {
            below.debugEvent(event);
        }
    }

    final boolean refusesWrites() {
        return refusesWrites;
    }

    /** Whether every write takes its locks, because somebody else keeps writes out of a range at times. */
    final boolean serialisesWrites() {
        return state.serialisesWrites;
    }

    /** From now on every write takes its locks. The node is drained. */
    @MainThread
    final void serialiseWrites() {
        state.serialisesWrites = true;
    }

    final SerialisedRanges serialisedRanges() {
        return serialisedRanges;
    }

    final BounceBuffers bounceBuffers() {
        return bounceBuffers;
    }

    /** The node's own bitmap of that name. Main loop. */
    public @Nullable DirtyBitmap findDirtyBitmap(String name) {
        return null;
    }

    /** Where snapshots inside the node's image are kept; null if its format has none. Main loop. */
    protected @Nullable SnapshotStore snapshotStore() {
        return null;
    }

    /** The backing file, if the node has one now. */
    final @Nullable BlockChild backing() {
        return backing;
    }

    /** Where to look for what this node doesn't hold: a filter's child, or the backing file. */
    public final @Nullable BlockChild filteredOrBacking() {
        return filteredOrBacking;
    }

    final boolean driverSupportsBacking() {
        return state.driver.supportsBacking();
    }

    /**
     * What the range from {@code offset} on is in this node alone; {@code status.bytes} is how far the answer goes, at most {@code bytes}.
     *
     * @param wantZero false: the caller only asks who holds the data, so that the driver needn't look for zeroes
     * @return 0 or -errno
     */
    @ThreadSafe
    public final int blockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        return StatusChain.ofNode(this, wantZero, offset, bytes, status);
    }

    /**
     * Whether anything from this node down to {@code last}, or the end of the chain, has the range; {@code status.depth} says
     * which.
     *
     * @return 0 or -errno
     */
    @ThreadSafe
    public final int blockStatusAbove(@Nullable BlockNode last, long offset, long bytes, BlockStatus status) {
        return StatusChain.above(this, last, false, offset, bytes, status);
    }

    /** {@link #blockStatus} of what a guest sees, wherever in the chain of backing files it comes from. */
    @ThreadSafe
    public final int blockStatusOfChain(boolean wantZero, long offset, long bytes, BlockStatus status) {
        return StatusChain.above(this, null, wantZero, offset, bytes, status);
    }

    /**
     * Sets the size. Serialised against other requests by the caller's drain or the driver's own lock.
     *
     * @param exact false: a larger size than asked for is fine (a host device)
     * @param flags {@link RequestFlags#ZERO_WRITE}: the new area must read as zeroes
     * @throws QapiException with errno set
     */
    public final void truncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        if (offset < 0) {
            throw QapiException.withErrno(Errno.EINVAL, "Image size cannot be negative");
        }
        if (offset > MAX_LENGTH) {
            throw QapiException.withErrno(Errno.EIO, "offset(%d) exceeds maximum(%d)", offset, MAX_LENGTH);
        }
        if (isReadOnly()) {
            throw QapiException.withErrno(Errno.EACCES, "Image is read-only");
        }
        try {
            doTruncate(offset, exact, prealloc, flags);
        } finally {
            generation.wrote();
        }
    }

    /** The file name that alone describes this node, or null. QEMU: {@code exact_filename}. */
    @MainThread
    public @Nullable String exactFilename() {
        return NodeFilename.ofImageFile(this);
    }

    /**
     * A file in whose folder are the files that the image names without one; null if there is none. QEMU: {@code
     * bdrv_dirname}.
     */
    @MainThread
    public @Nullable String locatingFilename() {
        BlockChild below = primary;
        return below == null ? exactFilename() : below.node().locatingFilename();
    }

    /** What replies call the node: {@link #exactFilename()}, else a {@code json:} definition. */
    @MainThread
    public final String filename() {
        return NodeFilename.of(this);
    }

    /** Null where the driver has nothing to tell. */
    @MainThread
    public @Nullable DriverInfo driverInfo() {
        return null;
    }

    /** Adds what only this driver knows: names in the header, format-specific information, snapshots. */
    @MainThread
    protected void describe(ImageInfo.Builder info) {}

    /** Adds what only this driver knows: encryption, bitmaps, throttling. */
    @MainThread
    protected void describe(BlockDeviceInfo.Builder info) {}

    /**
     * The node in whose host file, from its start on, exactly these contents are, so that whoever only reads could read the
     * file as well: this one, one below, or null.
     */
    @ThreadSafe
    public @Nullable BlockNode hostFileNode() {
        return null;
    }

    /** The descriptor of {@link #hostFileNode}'s own file, which belongs to that node; -1 on any other. */
    @ThreadSafe
    public int hostFd() {
        return -1;
    }

    /** Bytes that the node takes on its host, or -errno. */
    @ThreadSafe
    public long allocatedSize() {
        return -Errno.ENOTSUP;
    }

    /**
     * Whether the node can have these permissions, and takes what it needs for them (locks, a descriptor for writing); the
     * old ones stay until {@link #doSetPermissions} or {@link #doAbortPermissions}.
     *
     * @throws QapiException if it can't
     */
    @MainThread
    protected void doCheckPermissions(int perm, int shared) {}

    /** The permissions last checked are granted. */
    @MainThread
    protected void doSetPermissions(int perm, int shared) {}

    /** The permissions last checked, even if that failed, are not granted: the old ones stay. */
    @MainThread
    protected void doAbortPermissions() {}

    /**
     * Takes a further child, whose edge it makes with {@code edges}; called only if the driver {@link
     * BlockDriver#takesChildren}. The node is drained.
     *
     * @throws QapiException if it can't
     */
    @MainThread
    protected void doAddChild(BlockNode child, ChildEdges edges) {
        throw new UnsupportedOperationException(nodeName);
    }

    /**
     * Does without a child from now on; its edge goes afterwards. The node is drained.
     *
     * @throws QapiException if it can't
     */
    @MainThread
    protected void doRemoveChild(BlockChild child) {
        throw new UnsupportedOperationException(nodeName);
    }

    /** A place of that name is reached above. QEMU: {@code bdrv_debug_event}. Only a filter for tests has ears for it. */
    @ThreadSafe
    protected void doDebugEvent(BlkdebugEvent event) {}

    /**
     * Somebody waits for the requests in flight: until {@link #doDrainEnd} the node holds none back on purpose. Nests.
     * QEMU: {@code bdrv_drain_begin}.
     */
    @MainThread
    protected void doDrainBegin() {}

    @MainThread
    protected void doDrainEnd() {}

    /**
     * Hands down all that is only in memory: no write comes before {@link #doResume}, and another instance or program may
     * take the image over. The node is drained.
     *
     * @throws QapiException with errno set, if that fails; the node is not suspended then
     */
    @MainThread
    protected void doSuspend() {
        int result = flush();
        if (result < 0) {
            throw QapiException.fromErrno(result, "Error flushing drive");
        }
    }

    /** Nobody has taken the image over since {@link #doSuspend}. */
    @MainThread
    protected void doResume() {}

    /** Another instance, which {@link BlockDriver#reopen} has made, has taken the node over for good. */
    @MainThread
    protected void doRetire() {
        doClose();
    }

    /**
     * Writes another backing file's name and format into the image; the node is suspended, and another instance reads the
     * image afterwards.
     *
     * @return 0 or -errno
     */
    @MainThread
    protected int doChangeBackingFile(String name, String format) {
        return -Errno.ENOTSUP;
    }

    /** The node has another backing file now, or none. It is drained. */
    @MainThread
    protected void doChangeBacking(@Nullable BlockChild child) {}

    /** Flushes and gives up what the node holds. Its children are still open. */
    @MainThread
    protected abstract void doClose();

    protected abstract int doRead(long offset, NativeBuffer buffer, int at, int bytes);

    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        return -Errno.ENOTSUP;
    }

    /** ENOTSUP: the generic layer writes buffers of zeroes unless the caller forbids it. */
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        return -Errno.ENOTSUP;
    }

    protected int doDiscard(long offset, long bytes) {
        return 0;
    }

    protected int doFlush() {
        return 0;
    }

    /** Whether writes may have {@link RequestFlags#WRITE_COMPRESSED}. QEMU: {@code block_driver_can_compress}. */
    @ThreadSafe
    public boolean supportsCompressedWrites() {
        return false;
    }

    /** Default: all of it is data that only this driver knows how to read. */
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        status.set(BlockStatus.DATA | BlockStatus.ALLOCATED, bytes, 0, null);
        return 0;
    }

    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        throw QapiException.withErrno(Errno.ENOTSUP, "Image format driver does not support resize");
    }

    /** Whether {@link #doWrite} honours {@link RequestFlags#FUA} by itself. */
    protected boolean honoursFua() {
        return false;
    }

    /** Whether {@link #doWriteZeroes} honours {@link RequestFlags#FUA} by itself. */
    protected boolean honoursFuaOfZeroes() {
        return honoursFua();
    }
}

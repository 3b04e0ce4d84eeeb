package org.qsd4j.block;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * The user's end of the graph: an export, a job or a program holds one and does its I/O through it. QEMU: {@code
 * BlockBackend}. Requests are checked against the node's size here, counted, and held back while the graph changes.
 *
 * <p>Data calls may come from any thread; results are 0 or -errno. Buffers are the caller's and stay untouched until the
 * call returns.
 */
public final class BlockBackend {
    private final BlockGraph graph;
    private final BlockChild root;
    private final InFlight inFlight = new InFlight();

    /** Writes past the end are allowed and grow the node (a growable export). Set before the first request. */
    private boolean allowWriteBeyondEof;

    /** Every write reaches stable storage before it returns (writethrough). Set before the first request. */
    private boolean writethrough;

    /** Main loop only. */
    private boolean threadFixed;

    /** Main loop only. */
    private boolean forceAllowInactivate;

    /** The permissions that it had before the node became inactive, null if it is active. Written by the main loop only. */
    private volatile @Nullable Permissions whenActive;

    /** The nodes that have been told to hold nothing back. Main loop only. */
    private final List<BlockNode> expedited = new ArrayList<>();

    /** How many read the host file past us. Written by requests and others that end, read by the main loop. */
    private final AtomicInteger pins = new AtomicInteger();

    /** What {@link #pins} count the readers of. While there are any, it doesn't change. */
    private volatile @Nullable BlockNode pinnedFile;

    BlockBackend(BlockGraph graph, BlockChild root) {
        this.graph = graph;
        this.root = root;
    }

    /** What this user has of its node. */
    @MainThread
    public Permissions permissions() {
        return root.permissions;
    }

    /**
     * Asks for other permissions; while the node is inactive, for when it is active again. QEMU: {@code blk_set_perm}.
     *
     * @throws QapiException if others conflict; the old ones stay then
     */
    @MainThread
    public void setPermissions(int perm, int shared) {
        if (whenActive != null) {
            whenActive = new Permissions(perm, shared);
            return;
        }
        Permissions old = root.permissions;
        root.permissions = new Permissions(perm, shared);
        try {
            PermissionUpdate.refresh(root.node().state());
        } catch (QapiException e) {
            root.permissions = old;
            throw e;
        }
    }

    /** The node may become inactive though this user writes to it; then it can't, until the node is active again. */
    @MainThread
    public void setForceAllowInactivate() {
        forceAllowInactivate = true;
    }

    /** For the node that is inactive now: what this user wants as soon as it is active. */
    @MainThread
    public void setPermissionsWhenActive(int perm, int shared) {
        whenActive = new Permissions(perm, shared);
    }

    /** Whether the node belongs to another program now. */
    @ThreadSafe
    public boolean isInactive() {
        return whenActive != null;
    }

    @MainThread
    boolean mayInactivate() {
        return forceAllowInactivate || (root.permissions.perm() & (Permission.WRITE | Permission.WRITE_UNCHANGED)) == 0;
    }

    /** Gives up all permissions; whoever changes the node's state settles them. */
    @MainThread
    void inactivate() {
        whenActive = root.permissions;
        root.permissions = Permissions.NONE;
    }

    /** Wants its permissions back. */
    @MainThread
    void activate() {
        Permissions wanted = whenActive;
        if (wanted != null) {
            root.permissions = wanted;
            whenActive = null;
        }
    }

    /** Waits for the requests in flight and gives the node up. No request may come afterwards. */
    @MainThread
    public void close() {
        expedite();
        inFlight.beginDrain();
        endExpedite();
        graph.closeBackend(this, root);
    }

    BlockChild root() {
        return root;
    }

    /** This user is about to leave: until it does, no node below holds its requests back on purpose. */
    @MainThread
    public void expedite() {
        if (expedited.isEmpty()) {
            expedited.addAll(graph.reachableFrom(root.node()));
            expedited.forEach(BlockNode::doDrainBegin);
        }
    }

    private void endExpedite() {
        expedited.forEach(BlockNode::doDrainEnd);
        expedited.clear();
    }

    public BlockNode node() {
        return root.node();
    }

    /** The node's size as a guest sees it: a multiple of 512. Bytes behind the node's own end read as zeroes. */
    @ThreadSafe
    public long length() {
        return root.node().sectorAlignedLength();
    }

    public void setAllowWriteBeyondEof(boolean allow) {
        allowWriteBeyondEof = allow;
    }

    public void setWritethrough(boolean enable) {
        writethrough = enable;
    }

    /** The node has to stay on the iothread where it is. QEMU: {@code fixed-iothread}. */
    @MainThread
    public void setThreadFixed(boolean fixed) {
        threadFixed = fixed;
    }

    @MainThread
    boolean isThreadFixed() {
        return threadFixed;
    }

    /** See {@link BlockNode#read}; EIO for a range that is not inside the node. */
    @ThreadSafe
    public int read(long offset, NativeBuffer buffer, int at, int bytes) {
        inFlight.enter();
        try {
            int result = checkRange(offset, bytes);
            return result < 0 ? result : root.read(offset, buffer, at, bytes);
        } finally {
            inFlight.exit();
        }
    }

    /** See {@link BlockNode#write}; EIO for a range that is not inside the node, unless writes may grow it. */
    @ThreadSafe
    public int write(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        inFlight.enter();
        try {
            int result = checkRange(offset, bytes);
            return result < 0 ? result : root.write(offset, buffer, at, bytes, withFua(flags));
        } finally {
            inFlight.exit();
        }
    }

    /** See {@link BlockNode#writeZeroes}. */
    @ThreadSafe
    public int writeZeroes(long offset, long bytes, int flags) {
        inFlight.enter();
        try {
            int result = checkRange(offset, bytes);
            return result < 0 ? result : root.writeZeroes(offset, bytes, withFua(flags));
        } finally {
            inFlight.exit();
        }
    }

    /** See {@link BlockNode#discard}. */
    @ThreadSafe
    public int discard(long offset, long bytes) {
        inFlight.enter();
        try {
            int result = checkRange(offset, bytes);
            return result < 0 ? result : root.discard(offset, bytes);
        } finally {
            inFlight.exit();
        }
    }

    /** See {@link BlockNode#flush}. */
    @ThreadSafe
    public int flush() {
        inFlight.enter();
        try {
            return root.flush();
        } finally {
            inFlight.exit();
        }
    }

    /**
     * What the range from {@code offset} on is, wherever in the chain of backing files it comes from; {@code
     * status.depth} says from which. See {@link BlockNode#blockStatus}.
     */
    @ThreadSafe
    public int blockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        inFlight.enter();
        try {
            return StatusChain.above(root.node(), null, wantZero, offset, bytes, status);
        } finally {
            inFlight.exit();
        }
    }

    /**
     * See {@link BlockNode#truncate}.
     *
     * @throws QapiException with errno set
     */
    @ThreadSafe
    public void truncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        inFlight.enter();
        try {
            root.node().truncate(offset, exact, prealloc, flags);
        } finally {
            inFlight.exit();
        }
    }

    /** Does what only the node's own driver knows, as one request. */
    @ThreadSafe
    public void perform(Consumer<BlockNode> work) {
        inFlight.enter();
        try {
            work.accept(root.node());
        } finally {
            inFlight.exit();
        }
    }

    /** Sets the size while the node is drained, this backend included. */
    @MainThread
    void resize(long bytes) {
        root.node().truncate(bytes, false, PreallocMode.OFF, 0);
    }

    /**
     * Somebody is about to read {@code file} past the block layer, as the place where the node's contents are. If they still
     * are there, the graph below doesn't change until {@link #unpin}, since nobody could tell that reader.
     *
     * @param fd the descriptor that {@link BlockNode#hostFd} was when {@code file} was asked
     */
    @ThreadSafe
    public boolean pin(BlockNode file, int fd) {
        inFlight.enter();
        try {
            boolean same = root.node().hostFileNode() == file && file.hostFd() == fd;
            if (same) {
                pinnedFile = file;
                pins.incrementAndGet();
            }
            return same;
        } finally {
            inFlight.exit();
        }
    }

    @ThreadSafe
    public void unpin() {
        pins.decrementAndGet();
    }

    /** Whether somebody reads a file that no longer is where the contents are. Stable only while the backend is drained. */
    @MainThread
    boolean isPinBroken() {
        return pins.get() != 0 && root.node().hostFileNode() != pinnedFile;
    }

    /** Holds new requests back and waits for those in flight. Nests; see {@link #endDrain}. */
    @MainThread
    public void beginDrain() {
        List<BlockNode> below = graph.reachableFrom(root.node());
        below.forEach(BlockNode::doDrainBegin);
        inFlight.beginDrain();
        below.forEach(BlockNode::doDrainEnd);
    }

    @MainThread
    public void endDrain() {
        inFlight.endDrain();
    }

    private int withFua(int flags) {
        return writethrough ? flags | RequestFlags.FUA : flags;
    }

    private int checkRange(long offset, long bytes) {
        if (offset < 0 || bytes < 0 || offset > BlockNode.MAX_LENGTH - bytes) {
            return -Errno.EIO;
        }
        if (!allowWriteBeyondEof && offset + bytes > length()) {
            return -Errno.EIO;
        }
        return 0;
    }
}

package org.qsd4j.block.driver.quorum;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.ChildEdges;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.PermissionPolicy;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.block.SerialisedRanges;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.QuorumOpType;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/**
 * Writes to all children, reads from all and compares. A write shuts out every other request of its range: two at once
 * could reach the children in different order and make them differ, and a read in between would see them differ.
 *
 * <p>A discard goes nowhere, since the children might read differently afterwards.
 */
final class QuorumNode extends BlockNode {
    private static final int KEPT_BALLOTS = 4;
    private static final long LARGEST_KEPT = 8L << 20;
    private static final int MAX_VOTE = 1 << 20;

    private final QuorumRules rules;
    private final PermissionPolicy policy;
    private final QuorumEvents events;
    private final Consumer<String> fatal;
    private final SerialisedRanges ranges = new SerialisedRanges();
    private final AtomicReferenceArray<@Nullable Ballot> spare = new AtomicReferenceArray<>(KEPT_BALLOTS);

    /** Replaced by the main loop while the node is drained. */
    private volatile List<BlockChild> members;

    private int nextIndex;

    QuorumNode(
            OpenRequest request,
            QuorumRules rules,
            List<BlockChild> members,
            PermissionPolicy policy,
            QuorumEvents events,
            Consumer<String> fatal) {
        super(request);
        this.rules = rules;
        this.members = List.copyOf(members);
        this.nextIndex = members.size();
        this.policy = policy;
        this.events = events;
        this.fatal = fatal;
        inheritLimits();
        setLength(members.get(0).node().length());
    }

    private void inheritLimits() {
        members.forEach(child -> limits().inherit(child.node().limits()));
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        long locks = ranges.lock(offset, offset + bytes, false);
        try {
            return rules.fifo() ? readFirst(offset, buffer, at, bytes) : readPieces(offset, buffer, at, bytes);
        } finally {
            ranges.unlock(locks, false);
        }
    }

    private int readFirst(long offset, NativeBuffer buffer, int at, int bytes) {
        int result = -Errno.EIO;
        List<BlockChild> children = members;
        for (int i = 0; i < children.size(); i++) {
            result = children.get(i).read(offset, buffer, at, bytes);
            if (result == 0) {
                return 0;
            }
            events.bad(QuorumOpType.READ, children.get(i), offset, bytes, result);
        }
        return result;
    }

    /** A vote takes a copy of each child's: large requests have several votes, so that memory is bounded. */
    private int readPieces(long offset, NativeBuffer buffer, int at, int bytes) {
        int result = 0;
        int vote = largestVote(members.size());
        for (int done = 0; result == 0 && done < bytes; done += vote) {
            result = readAll(offset + done, buffer, at + done, Math.min(vote, bytes - done));
        }
        return result;
    }

    /** So that the copies are kept for the next vote: what each would take anew only the garbage collector frees. */
    private static int largestVote(int children) {
        return (int) Math.min(MAX_VOTE, Math.max(Ballot.GRAIN, Align.down(LARGEST_KEPT / children, Ballot.GRAIN)));
    }

    private int readAll(long offset, NativeBuffer buffer, int at, int bytes) {
        List<BlockChild> children = members;
        Ballot ballot = borrow(children.size(), bytes);
        try {
            for (int i = 0; i < children.size(); i++) {
                ballot.results[i] = children.get(i).read(offset, ballot.copy(i), 0, bytes);
                report(QuorumOpType.READ, children.get(i), offset, bytes, ballot.results[i]);
            }
            return ballot.successes() < rules.threshold()
                    ? fail(ballot, offset, bytes)
                    : vote(ballot, children, offset, buffer, at, bytes);
        } finally {
            giveBack(ballot);
        }
    }

    private int vote(Ballot ballot, List<BlockChild> children, long offset, NativeBuffer buffer, int at, int bytes) {
        int winner = ballot.winner(bytes);
        int votes = ballot.votes(winner, bytes);
        if (rules.verifies() && votes < children.size()) {
            fatal.accept("quorum: offset=" + offset + " bytes=" + bytes + " contents mismatch at offset "
                    + (offset + ballot.differAt(0, 1, bytes)));
            return -Errno.EIO;
        }
        if (votes < rules.threshold()) {
            events.failure(offset, bytes);
            return -Errno.EIO;
        }
        buffer.copyFrom(at, ballot.copy(winner), 0, bytes);
        if (votes < ballot.successes()) {
            outvote(ballot, winner, children, offset, bytes);
        }
        return 0;
    }

    private void outvote(Ballot ballot, int winner, List<BlockChild> children, long offset, int bytes) {
        for (int i = 0; i < children.size(); i++) {
            if (ballot.results[i] == 0 && !ballot.agree(i, winner, bytes)) {
                events.bad(QuorumOpType.READ, children.get(i), offset, bytes, 0);
                if (rules.rewritesCorrupted()) {
                    // Readers of the same range write the same; what fails differs again at the next read.
                    int result = children.get(i).write(offset, ballot.copy(winner), 0, bytes, 0);
                    report(QuorumOpType.WRITE, children.get(i), offset, bytes, result);
                }
            }
        }
    }

    private void report(QuorumOpType type, BlockChild child, long offset, long bytes, int result) {
        if (result < 0) {
            events.bad(type, child, offset, bytes, result);
        }
    }

    /** Of a write: enough children have it, or it counts as failed. */
    private int outcome(Ballot ballot, long offset, long bytes) {
        return ballot.successes() < rules.threshold() ? fail(ballot, offset, bytes) : 0;
    }

    private int fail(Ballot ballot, long offset, long bytes) {
        events.failure(offset, bytes);
        return ballot.commonError();
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        List<BlockChild> children = members;
        Ballot ballot = borrow(children.size(), 0);
        long locks = ranges.lock(offset, offset + bytes, true);
        try {
            for (int i = 0; i < children.size(); i++) {
                ballot.results[i] = children.get(i).write(offset, buffer, at, bytes, flags);
                report(QuorumOpType.WRITE, children.get(i), offset, bytes, ballot.results[i]);
            }
            return outcome(ballot, offset, bytes);
        } finally {
            ranges.unlock(locks, true);
            giveBack(ballot);
        }
    }

    /** If the first child can't without writing data, nothing has changed; the others then have to do as it does. */
    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        List<BlockChild> children = members;
        Ballot ballot = borrow(children.size(), 0);
        long locks = ranges.lock(offset, offset + bytes, true);
        try {
            for (int i = 0; i < children.size(); i++) {
                int passed = i == 0 ? flags : flags & ~RequestFlags.NO_FALLBACK;
                ballot.results[i] = children.get(i).writeZeroes(offset, bytes, passed);
                if (i == 0 && ballot.results[i] == -Errno.ENOTSUP) {
                    return -Errno.ENOTSUP;
                }
                report(QuorumOpType.WRITE, children.get(i), offset, bytes, ballot.results[i]);
            }
            return outcome(ballot, offset, bytes);
        } finally {
            ranges.unlock(locks, true);
            giveBack(ballot);
        }
    }

    /** Every child does. */
    @Override
    protected boolean honoursFua() {
        return true;
    }

    @Override
    protected int doFlush() {
        List<BlockChild> children = members;
        Ballot ballot = borrow(children.size(), 0);
        try {
            for (int i = 0; i < children.size(); i++) {
                ballot.results[i] = children.get(i).flush();
                report(QuorumOpType.FLUSH, children.get(i), 0, 0, ballot.results[i]);
            }
            return ballot.successes() < rules.threshold() ? ballot.commonError() : 0;
        } finally {
            giveBack(ballot);
        }
    }

    /** Zeroes only where all that can tell say so: the others may be wrong. */
    @Override
    protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
        long zero = bytes;
        long data = 0;
        for (BlockChild child : members) {
            int result = child.node().blockStatusOfChain(wantZero, offset, bytes, status);
            if (result < 0) {
                events.bad(QuorumOpType.READ, child, offset, bytes, result);
                data = bytes;
            } else if (status.is(BlockStatus.ZERO)) {
                zero = Math.min(zero, status.bytes);
            } else {
                data = Math.max(data, status.bytes);
            }
        }
        if (data > 0) {
            status.set(BlockStatus.DATA, data, 0, null);
        } else {
            status.set(BlockStatus.ZERO, zero, 0, null);
        }
        return 0;
    }

    @Override
    public long allocatedSize() {
        long sum = 0;
        for (BlockChild child : members) {
            long bytes = child.node().allocatedSize();
            if (bytes < 0) {
                return bytes;
            }
            sum += bytes;
        }
        return sum;
    }

    /** Not even for an image whose only member has one: so does the real daemon. */
    @Override
    public @Nullable String locatingFilename() {
        return null;
    }

    @Override
    protected void doAddChild(BlockNode child, ChildEdges edges) {
        if (rules.verifies()) {
            throw QapiException.generic("Cannot add a child to a quorum in blkverify mode");
        }
        List<BlockChild> more = new ArrayList<>(members);
        more.add(edges.attach("children." + nextIndex, ChildRole.DATA, policy));
        nextIndex++;
        members = List.copyOf(more);
        inheritLimits();
    }

    @Override
    protected void doRemoveChild(BlockChild child) {
        if (members.size() <= rules.threshold()) {
            throw QapiException.generic(
                    "The number of children cannot be lower than the vote threshold %d", rules.threshold());
        }
        List<BlockChild> left = new ArrayList<>(members);
        left.remove(child);
        members = List.copyOf(left);
        if (child.name().equals("children." + (nextIndex - 1))) {
            nextIndex--;
        }
    }

    private Ballot borrow(int children, int bytes) {
        for (int i = 0; i < KEPT_BALLOTS; i++) {
            Ballot ballot = spare.getAndSet(i, null);
            if (ballot != null && ballot.fits(children, bytes)) {
                return ballot;
            }
        }
        return new Ballot(children, bytes == 0 ? 0 : largestVote(children));
    }

    private void giveBack(Ballot ballot) {
        if (ballot.memory() > LARGEST_KEPT) {
            return;
        }
        for (int i = 0; i < KEPT_BALLOTS; i++) {
            if (spare.compareAndSet(i, null, ballot)) {
                return;
            }
        }
    }

    @Override
    protected void doClose() {}
}

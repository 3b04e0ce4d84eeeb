package org.qsd4j.block.driver.quorum;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.Permission;
import org.qsd4j.block.PermissionPolicy;
import org.qsd4j.block.Permissions;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsQuorum;
import org.qsd4j.qapi.gen.BlockdevRef;
import org.qsd4j.qapi.gen.QuorumReadPattern;
import org.qsd4j.sys.Errno;

/** Driver {@code quorum}. */
public final class QuorumDriver implements BlockDriver {
    private final Consumer<QapiEvent> events;
    private final Consumer<String> fatal;

    /**
     * @param events takes events; any thread
     * @param fatal ends the program with a line, when copies that must be equal are not; any thread
     */
    public QuorumDriver(Consumer<QapiEvent> events, Consumer<String> fatal) {
        this.events = events;
        this.fatal = fatal;
    }

    @Override
    public String formatName() {
        return "quorum";
    }

    @Override
    public boolean takesChildren() {
        return true;
    }

    @Override
    public boolean supportsReopen() {
        return false;
    }

    @Override
    public Set<String> strongOptions() {
        return Set.of("vote-threshold", "blkverify", "rewrite-corrupted", "read-pattern");
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsQuorum options = ((BlockdevOptions.Quorum) request.options()).u();
        QuorumRules rules = rules(options);
        PermissionPolicy policy = policy(rules.rewritesCorrupted());
        List<BlockChild> children = new ArrayList<>();
        for (BlockdevRef ref : options.children()) {
            children.add(request.openChild("children." + children.size(), ref, ChildRole.DATA, policy));
        }
        long length = children.get(0).node().length();
        if (children.stream().anyMatch(child -> child.node().length() != length)) {
            throw QapiException.fromErrno(Errno.EIO, "Could not refresh total sector count");
        }
        return new QuorumNode(request, rules, children, policy, new QuorumEvents(request.nodeName(), events), fatal);
    }

    private static QuorumRules rules(BlockdevOptionsQuorum options) {
        int count = options.children().size();
        if (count == 0) {
            throw QapiException.generic("Number of provided children must be 1 or more");
        }
        if (options.voteThreshold() < 1) {
            throw QapiException.generic("Parameter 'vote-threshold' expects a value >= 1");
        }
        if (options.voteThreshold() > count) {
            throw QapiException.generic("threshold may not exceed children count");
        }
        int threshold = (int) options.voteThreshold();
        if (options.readPattern() == QuorumReadPattern.FIFO) {
            return new QuorumRules(threshold, true, false, false);
        }
        boolean verifies = Boolean.TRUE.equals(options.blkverify());
        if (verifies && (count != 2 || threshold != 2)) {
            throw QapiException.generic(
                    "blkverify=on can only be set if there are exactly two files and vote-threshold is 2");
        }
        boolean rewrites = Boolean.TRUE.equals(options.rewriteCorrupted());
        if (verifies && rewrites) {
            throw QapiException.generic("rewrite-corrupted=on cannot be used with blkverify=on");
        }
        return new QuorumRules(threshold, false, verifies, rewrites);
    }

    /** Whoever else wrote to one of the children would make them differ. */
    private static PermissionPolicy policy(boolean rewritesCorrupted) {
        int always = rewritesCorrupted ? Permission.WRITE : 0;
        int sharable = Permission.CONSISTENT_READ | Permission.WRITE_UNCHANGED;
        return (wanted, state) -> new Permissions(wanted.perm() | always, wanted.shared() & sharable);
    }
}

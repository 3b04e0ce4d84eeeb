package org.qsd4j.block.driver.throttle;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.FilterNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qom.throttle.ThrottleMember;
import org.qsd4j.sys.NativeBuffer;

/** Reads and writes wait here for their turn, on the thread that brings them; everything else passes. */
final class ThrottleNode extends FilterNode {
    private final ThrottleMember member;

    ThrottleNode(OpenRequest request, BlockChild file, ThrottleMember member) {
        super(request, file);
        this.member = member;
    }

    @Override
    public boolean supportsCompressedWrites() {
        return true;
    }

    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        member.await(false, bytes);
        return super.doRead(offset, buffer, at, bytes);
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        member.await(true, bytes);
        return super.doWrite(offset, buffer, at, bytes, flags);
    }

    @Override
    protected int doWriteZeroes(long offset, long bytes, int flags) {
        member.await(true, bytes);
        return super.doWriteZeroes(offset, bytes, flags);
    }

    @Override
    protected int doDiscard(long offset, long bytes) {
        member.await(true, bytes);
        return super.doDiscard(offset, bytes);
    }

    @Override
    protected void doDrainBegin() {
        member.disableLimits();
    }

    @Override
    protected void doDrainEnd() {
        member.enableLimits();
    }

    @Override
    protected void doClose() {
        member.leave();
    }
}

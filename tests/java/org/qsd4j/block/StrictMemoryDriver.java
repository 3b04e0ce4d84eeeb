package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * Bytes in memory, behind limits that are asserted with every request. Takes the place of null-co, whose {@code size} it
 * honours.
 */
final class StrictMemoryDriver implements BlockDriver {
    final BlockLimits demanded = new BlockLimits();
    final AtomicInteger zeroRequests = new AtomicInteger();
    final AtomicInteger discards = new AtomicInteger();
    final AtomicInteger flushes = new AtomicInteger();
    boolean zeroesSupported;

    /** Gives other threads a chance between a read and what follows it. */
    boolean yieldsAfterRead;

    int discardResult;
    int flushResult;
    int writeResult;

    /** The contents of the node that was opened last. */
    volatile NativeBuffer bytes = NativeBuffer.allocate(1);

    private final int size;

    StrictMemoryDriver(int size) {
        this.size = size;
    }

    @Override
    public String formatName() {
        return "null-co";
    }

    @Override
    public boolean isProtocol() {
        return true;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        bytes = NativeBuffer.allocate(size);
        return new Node(request, bytes);
    }

    private final class Node extends BlockNode {
        private final NativeBuffer memory;

        Node(OpenRequest request, NativeBuffer memory) {
            super(request);
            this.memory = memory;
            limits().requestAlignment = demanded.requestAlignment;
            limits().memoryAlignment = demanded.memoryAlignment;
            limits().maxTransfer = demanded.maxTransfer;
            limits().pwriteZeroesAlignment = demanded.pwriteZeroesAlignment;
            limits().maxPwriteZeroes = demanded.maxPwriteZeroes;
            limits().pdiscardAlignment = demanded.pdiscardAlignment;
            setLength(size);
        }

        private void requireFit(long offset, NativeBuffer buffer, int at, int bytes) {
            assertThat(offset % demanded.requestAlignment).isZero();
            assertThat(bytes % demanded.requestAlignment).isZero();
            assertThat((buffer.address() + at) % demanded.memoryAlignment).isZero();
            assertThat(demanded.maxTransfer == 0 || bytes <= demanded.maxTransfer)
                    .isTrue();
            assertThat(bytes).isPositive();
        }

        @Override
        protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
            requireFit(offset, buffer, at, bytes);
            buffer.copyFrom(at, memory, (int) offset, bytes);
            if (yieldsAfterRead) {
                LockSupport.parkNanos(1);
            }
            return 0;
        }

        @Override
        protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
            requireFit(offset, buffer, at, bytes);
            memory.copyFrom((int) offset, buffer, at, bytes);
            return writeResult;
        }

        @Override
        protected int doWriteZeroes(long offset, long bytes, int flags) {
            assertThat(offset % demanded.requestAlignment).isZero();
            assertThat(bytes % demanded.requestAlignment).isZero();
            assertThat(demanded.maxPwriteZeroes == 0 || bytes <= demanded.maxPwriteZeroes)
                    .isTrue();
            zeroRequests.incrementAndGet();
            if (!zeroesSupported) {
                return -Errno.ENOTSUP;
            }
            memory.zero((int) offset, (int) bytes);
            return 0;
        }

        @Override
        protected int doDiscard(long offset, long bytes) {
            assertThat(offset % demanded.requestAlignment).isZero();
            assertThat(bytes % demanded.requestAlignment).isZero();
            discards.incrementAndGet();
            return discardResult;
        }

        @Override
        protected int doFlush() {
            flushes.incrementAndGet();
            return flushResult;
        }

        @Override
        protected void doClose() {}
    }
}

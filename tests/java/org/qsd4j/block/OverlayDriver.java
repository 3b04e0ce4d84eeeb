package org.qsd4j.block;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsQcow2;
import org.qsd4j.sys.NativeBuffer;

/**
 * A format of 1 MiB whose first half lies in its file, preallocated, and whose second half comes from the backing file.
 * Takes qcow2's place; the test says what the image names as its backing file.
 */
final class OverlayDriver implements BlockDriver {
    static final int HALF = 512 << 10;

    @Nullable
    String backingName;

    @Nullable
    String backingFormat;

    @Override
    public String formatName() {
        return "qcow2";
    }

    @Override
    public boolean supportsBacking() {
        return true;
    }

    @Override
    public Set<String> strongOptions() {
        return Set.of();
    }

    @Override
    public int probe(byte[] head) {
        return head.length > 3 && head[0] == 'Q' && head[1] == 'F' && head[2] == 'I' ? 100 : 0;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsQcow2 options = ((BlockdevOptions.Qcow2) request.options()).u();
        BlockChild file = request.openChild("file", options.file(), ChildRole.IMAGE);
        request.openBacking(options.backing(), backingName, backingFormat);
        return new Node(request, file);
    }

    private static final class Node extends BlockNode {
        private final BlockChild file;

        Node(OpenRequest request, BlockChild file) {
            super(request);
            this.file = file;
            setLength(2 * HALF);
        }

        @Override
        protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
            return file.read(offset, buffer, at, bytes);
        }

        @Override
        protected int doBlockStatus(boolean wantZero, long offset, long bytes, BlockStatus status) {
            if (offset < HALF) {
                int flags = BlockStatus.DATA | BlockStatus.OFFSET_VALID | BlockStatus.RECURSE;
                status.set(flags, HALF - offset, offset, file.node());
            } else {
                status.set(0, bytes, 0, null);
            }
            return 0;
        }

        @Override
        protected void doClose() {}
    }
}

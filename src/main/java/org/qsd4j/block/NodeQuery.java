package org.qsd4j.block;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.gen.BlockDeviceInfo;
import org.qsd4j.qapi.gen.BlockLimitsInfo;
import org.qsd4j.qapi.gen.BlockdevCacheInfo;
import org.qsd4j.qapi.gen.BlockdevChild;
import org.qsd4j.qapi.gen.ImageInfo;

/** Describes nodes as query-named-block-nodes does. QEMU: {@code bdrv_block_device_info} and {@code bdrv_query_image_info}. */
@MainThread
public final class NodeQuery {
    private static final int MAX_IOV = 1024;

    private NodeQuery() {}

    /**
     * All nodes, the newest first.
     *
     * @param flat without the backing images inside each other
     */
    public static List<BlockDeviceInfo> namedBlockNodes(BlockGraph graph, boolean flat) {
        return graph.nodes().stream().map(node -> describe(node, flat)).toList();
    }

    /** What one image is, without the images behind it. QEMU: {@code bdrv_query_image_info} with {@code flat}. */
    public static ImageInfo image(BlockNode node) {
        return image(node, true);
    }

    private static BlockDeviceInfo describe(BlockNode node, boolean flat) {
        OpenFlags flags = node.flags();
        BlockNode backing = backing(node);
        BlockDeviceInfo.Builder info = BlockDeviceInfo.builder()
                .file(node.filename())
                .nodeName(node.nodeName())
                .ro(flags.readOnly())
                .drv(node.driver().formatName())
                .backingFile(backing == null ? null : backing.filename())
                .backingFileDepth(flat ? 0 : backingDepth(node))
                .children(children(node))
                .active(flags.active())
                .encrypted(false)
                .detectZeroes(flags.detectZeroes())
                .bps(0)
                .bpsRd(0)
                .bpsWr(0)
                .iops(0)
                .iopsRd(0)
                .iopsWr(0)
                .image(image(node, flat))
                .cache(new BlockdevCacheInfo(true, flags.direct(), flags.noFlush()))
                .writeThreshold(node.statistics().writeThreshold());
        node.describe(info);
        return info.build();
    }

    private static List<BlockdevChild> children(BlockNode node) {
        List<BlockdevChild> list = new ArrayList<>();
        // The youngest edge comes first.
        for (BlockChild child : node.children()) {
            list.add(0, new BlockdevChild(child.name(), child.node().nodeName()));
        }
        return list;
    }

    private static ImageInfo image(BlockNode node, boolean flat) {
        DriverInfo driverInfo = node.driverInfo();
        long allocated = node.allocatedSize();
        ImageInfo.Builder info = ImageInfo.builder()
                .filename(node.filename())
                .format(node.driver().formatName())
                .virtualSize(node.sectorAlignedLength())
                .actualSize(allocated < 0 ? null : allocated)
                .limits(limits(node));
        if (driverInfo != null) {
            info.dirtyFlag(driverInfo.dirty());
            info.clusterSize(driverInfo.clusterSize() == 0 ? null : driverInfo.clusterSize());
        }
        node.describe(info);
        BlockChild below = node.filteredOrBacking();
        if (!flat && below != null) {
            info.backingImage(image(below.node(), false));
        }
        return info.build();
    }

    private static BlockLimitsInfo limits(BlockNode node) {
        BlockLimits limits = node.limits();
        return BlockLimitsInfo.builder()
                .requestAlignment(limits.requestAlignment)
                .maxDiscard(orNull(limits.maxPdiscard))
                .discardAlignment(limits.pdiscardAlignment == 1 ? null : (long) limits.pdiscardAlignment)
                .maxWriteZeroes(orNull(limits.maxPwriteZeroes))
                .writeZeroesAlignment(limits.pwriteZeroesAlignment == 1 ? null : (long) limits.pwriteZeroesAlignment)
                .optTransfer(orNull(limits.optTransfer))
                .maxTransfer(orNull(limits.maxTransfer))
                .maxHwTransfer(orNull(limits.maxHwTransfer))
                .maxIov(MAX_IOV)
                .maxHwIov(orNull(limits.maxHwIov))
                .minMemAlignment(minMemoryAlignment(node))
                .optMemAlignment(limits.optMemoryAlignment)
                .build();
    }

    /** The strictest of the nodes at the bottom that hold data. QEMU: {@code bdrv_merge_limits}. */
    private static int minMemoryAlignment(BlockNode node) {
        return node.state().children.stream()
                .filter(child -> (child.role & (ChildRole.DATA | ChildRole.FILTERED | ChildRole.COW)) != 0)
                .mapToInt(child -> minMemoryAlignment(child.node()))
                .max()
                .orElse(node.limits().minMemoryAlignment);
    }

    private static @Nullable Long orNull(long limit) {
        return limit == 0 ? null : limit;
    }

    private static @Nullable BlockNode backing(BlockNode node) {
        BlockChild backing = node.child("backing");
        return backing == null ? null : backing.node();
    }

    private static int backingDepth(BlockNode node) {
        BlockChild below = node.filteredOrBacking();
        return below == null ? 0 : 1 + backingDepth(below.node());
    }
}

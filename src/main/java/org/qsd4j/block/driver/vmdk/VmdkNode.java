package org.qsd4j.block.driver.vmdk;

import java.util.ArrayList;
import java.util.List;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.qapi.gen.ImageInfo;
import org.qsd4j.qapi.gen.ImageInfoSpecific;
import org.qsd4j.qapi.gen.ImageInfoSpecificBase;
import org.qsd4j.qapi.gen.ImageInfoSpecificKind;
import org.qsd4j.qapi.gen.ImageInfoSpecificVmdk;
import org.qsd4j.qapi.gen.ImageInfoSpecificVmdkWrapper;
import org.qsd4j.qapi.gen.VmdkExtentInfo;
import org.qsd4j.sys.Errno;

/** An open VMDK image. */
final class VmdkNode extends SparseImageNode {
    private final VmdkImage image;

    VmdkNode(OpenRequest request, BlockChild file, VmdkImage image) {
        super(request, file, image.size());
        this.image = image;
        limits().pwriteZeroesAlignment = Math.max(1, (int) clusterSize());
    }

    @Override
    protected long clusterSize() {
        return image.extents().stream().mapToLong(VmdkExtent::clusterSize).max().orElse(0);
    }

    @Override
    protected int map(long offset, long bytes, Extent extent) {
        long start = 0;
        List<? extends VmdkExtent> extents = image.extents();
        for (int i = 0; i < extents.size(); i++) {
            VmdkExtent candidate = extents.get(i);
            if (offset - start < candidate.size()) {
                int result = candidate.map(offset - start, extent);
                extent.limit(candidate.size() - (offset - start));
                return result;
            }
            start += candidate.size();
        }
        return -Errno.EIO;
    }

    @Override
    public long allocatedSize() {
        long sum = file().node().allocatedSize();
        for (VmdkExtent extent : image.extents()) {
            if (extent.file() != file() && sum >= 0) {
                long bytes = extent.file().node().allocatedSize();
                sum = bytes < 0 ? bytes : sum + bytes;
            }
        }
        return sum;
    }

    /** An ESX extent has no descriptor of its own. */
    private static String createType(VmdkDescriptor descriptor) {
        String type = descriptor.createType();
        return type == null ? "vmfsSparse" : type;
    }

    @Override
    protected void describe(ImageInfo.Builder info) {
        List<VmdkExtentInfo> extents = new ArrayList<>();
        image.extents().forEach(extent -> extents.add(extent.info()));
        VmdkDescriptor descriptor = image.descriptor();
        info.formatSpecific(new ImageInfoSpecific.Vmdk(
                new ImageInfoSpecificBase(ImageInfoSpecificKind.VMDK),
                new ImageInfoSpecificVmdkWrapper(new ImageInfoSpecificVmdk(
                        createType(descriptor), descriptor.cid(), descriptor.parentCid(), extents))));
        describeBacking(info, descriptor.parentFile(), driver().formatName());
    }
}

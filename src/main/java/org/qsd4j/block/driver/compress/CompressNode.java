package org.qsd4j.block.driver.compress;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.DriverInfo;
import org.qsd4j.block.FilterNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.sys.NativeBuffer;

/** Passes requests on, writes as compressed ones of whole clusters. */
final class CompressNode extends FilterNode {
    CompressNode(OpenRequest request, BlockChild file) {
        super(request, file);
        limits().pdiscardAlignment = file.node().limits().pdiscardAlignment;
        DriverInfo info = file.node().driverInfo();
        if (info != null && info.clusterSize() > 0) {
            limits().requestAlignment = Math.toIntExact(info.clusterSize());
        }
    }

    /** The padding of the last cluster ends behind the disk. */
    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        long inside = Math.max(0, filtered().node().length() - offset);
        return filtered()
                .write(offset, buffer, at, (int) Math.min(bytes, inside), flags | RequestFlags.WRITE_COMPRESSED);
    }
}

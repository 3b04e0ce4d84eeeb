package org.qsd4j.block.driver.vmdk;

import java.util.List;
import org.qsd4j.aio.Immutable;

/** A descriptor, and the extents that it names, one behind the other. */
@Immutable
record VmdkImage(VmdkDescriptor descriptor, List<? extends VmdkExtent> extents) {
    /** In bytes; the largest number there is if they are too many. */
    long size() {
        long sum = 0;
        for (VmdkExtent extent : extents) {
            sum += extent.size();
            if (sum < 0) {
                return Long.MAX_VALUE;
            }
        }
        return sum;
    }
}

package org.qsd4j.block.driver.vmdk;

import java.util.List;
import org.qsd4j.aio.Immutable;

/** A descriptor, and the extents that it names, one behind the other. */
@Immutable
record VmdkImage(VmdkDescriptor descriptor, List<? extends VmdkExtent> extents) {
    /** In bytes. */
    long size() {
        return extents.stream().mapToLong(VmdkExtent::size).sum();
    }
}

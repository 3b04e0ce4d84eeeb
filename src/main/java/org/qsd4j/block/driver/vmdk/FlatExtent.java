package org.qsd4j.block.driver.vmdk;

import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.qapi.gen.VmdkExtentInfo;

/**
 * A part of a file as it stands.
 *
 * @param type as the descriptor has it
 * @param size in bytes
 * @param start where it begins in the file, in bytes
 */
@Immutable
record FlatExtent(BlockChild file, String type, long size, long start) implements VmdkExtent {
    @Override
    public long clusterSize() {
        return 0;
    }

    @Override
    public int map(long offset, Extent extent) {
        extent.setData(file, start + offset, size - offset);
        return 0;
    }

    @Override
    public VmdkExtentInfo info() {
        return VmdkExtentInfo.builder()
                .filename(file.node().filename())
                .format(type)
                .virtualSize(size)
                .build();
    }
}

package org.qsd4j.block.driver.vmdk;

import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.Extent;
import org.qsd4j.qapi.gen.VmdkExtentInfo;

/** A part of the disk, in a file of its own or in the image's. */
interface VmdkExtent {
    BlockChild file();

    /** In bytes. */
    long size();

    /** In bytes; 0 where there are none. */
    long clusterSize();

    /** Says where the bytes from {@code offset} in this extent on are; 0 or -errno. */
    int map(long offset, Extent extent);

    VmdkExtentInfo info();
}

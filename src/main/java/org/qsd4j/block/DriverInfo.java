package org.qsd4j.block;

import org.qsd4j.aio.Immutable;

/**
 * What formats tell about themselves. QEMU: {@code BlockDriverInfo}.
 *
 * @param clusterSize in bytes; 0 where there are no clusters
 * @param dirty the image wasn't closed properly
 */
@Immutable
public record DriverInfo(long clusterSize, boolean dirty) {}

/** VMware's disk images (format {@code vmdk}), read only: a descriptor, and extents of several kinds. */
@NullMarked
package org.qsd4j.block.driver.vmdk;

import org.jspecify.annotations.NullMarked;

/** Virtual PC's disk images, "VHD" (format {@code vpc}), read only. */
@NullMarked
package org.qsd4j.block.driver.vpc;

import org.jspecify.annotations.NullMarked;

/** Parallels' disk images (format {@code parallels}), read only. */
@NullMarked
package org.qsd4j.block.driver.parallels;

import org.jspecify.annotations.NullMarked;

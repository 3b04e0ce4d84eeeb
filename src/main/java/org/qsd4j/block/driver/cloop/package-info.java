/** Compressed loop images (format {@code cloop}), which are always read only. */
@NullMarked
package org.qsd4j.block.driver.cloop;

import org.jspecify.annotations.NullMarked;

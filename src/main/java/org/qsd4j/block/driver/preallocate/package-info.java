/** The {@code preallocate} filter: the file grows ahead of the writes that append to it. */
@NullMarked
package org.qsd4j.block.driver.preallocate;

import org.jspecify.annotations.NullMarked;

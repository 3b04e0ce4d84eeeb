/** Bochs' growing disk images (format {@code bochs}), read only. */
@NullMarked
package org.qsd4j.block.driver.bochs;

import org.jspecify.annotations.NullMarked;

/** The {@code copy-on-read} filter: what is read from a backing file stays in the overlay. */
@NullMarked
package org.qsd4j.block.driver.copyonread;

import org.jspecify.annotations.NullMarked;

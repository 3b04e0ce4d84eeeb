/** The {@code compress} filter: every write goes down with the wish to be compressed. */
@NullMarked
package org.qsd4j.block.driver.compress;

import org.jspecify.annotations.NullMarked;

/** The {@code blkdebug} filter: requests fail by rules, for tests of whoever is above. */
@NullMarked
package org.qsd4j.block.driver.blkdebug;

import org.jspecify.annotations.NullMarked;

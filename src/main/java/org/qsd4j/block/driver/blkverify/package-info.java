/** The {@code blkverify} filter: everything is done twice and has to come to the same. */
@NullMarked
package org.qsd4j.block.driver.blkverify;

import org.jspecify.annotations.NullMarked;

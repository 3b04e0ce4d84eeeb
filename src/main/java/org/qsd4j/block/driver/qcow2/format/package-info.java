/** The on-disk format of qcow2: parsed records, struct views and packed words. Sees only {@code sys} and {@code util}. */
@NullMarked
package org.qsd4j.block.driver.qcow2.format;

import org.jspecify.annotations.NullMarked;

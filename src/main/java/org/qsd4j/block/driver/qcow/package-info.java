/** The first version of qcow (format {@code qcow}), read only. */
@NullMarked
package org.qsd4j.block.driver.qcow;

import org.jspecify.annotations.NullMarked;

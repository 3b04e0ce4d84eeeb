/** QED images (format {@code qed}), read only. */
@NullMarked
package org.qsd4j.block.driver.qed;

import org.jspecify.annotations.NullMarked;

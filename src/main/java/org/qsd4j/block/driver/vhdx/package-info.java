/** Hyper-V's disk images (format {@code vhdx}), read only. */
@NullMarked
package org.qsd4j.block.driver.vhdx;

import org.jspecify.annotations.NullMarked;

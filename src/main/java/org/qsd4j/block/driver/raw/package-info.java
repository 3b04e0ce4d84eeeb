/** The {@code raw} format: the file's bytes, or a window of them, are the guest's. */
@NullMarked
package org.qsd4j.block.driver.raw;

import org.jspecify.annotations.NullMarked;

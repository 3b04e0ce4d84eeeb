/** The {@code luks} format: a LUKS volume, version 1. */
@NullMarked
package org.qsd4j.block.driver.luks;

import org.jspecify.annotations.NullMarked;

/** The {@code null-co} and {@code null-aio} protocol drivers: no storage at all, for measurements and tests. */
@NullMarked
package org.qsd4j.block.driver.nullco;

import org.jspecify.annotations.NullMarked;

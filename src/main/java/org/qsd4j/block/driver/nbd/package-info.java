/** The {@code nbd} protocol driver: an export of an NBD server as a node. */
@NullMarked
package org.qsd4j.block.driver.nbd;

import org.jspecify.annotations.NullMarked;

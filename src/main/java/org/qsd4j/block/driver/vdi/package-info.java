/** VirtualBox's disk images (format {@code vdi}), read only. */
@NullMarked
package org.qsd4j.block.driver.vdi;

import org.jspecify.annotations.NullMarked;

/** The {@code file} protocol driver: images in regular files of the host. */
@NullMarked
package org.qsd4j.block.driver.file;

import org.jspecify.annotations.NullMarked;

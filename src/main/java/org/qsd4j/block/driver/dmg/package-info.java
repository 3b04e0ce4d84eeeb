/** macOS' disk images (format {@code dmg}), which are always read only. */
@NullMarked
package org.qsd4j.block.driver.dmg;

import org.jspecify.annotations.NullMarked;

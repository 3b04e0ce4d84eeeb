/** The {@code throttle} filter: requests wait until their group's limits let them pass. */
@NullMarked
package org.qsd4j.block.driver.throttle;

import org.jspecify.annotations.NullMarked;

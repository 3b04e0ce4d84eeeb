/** Throttle groups: limits that several nodes share. QEMU: util/throttle.c, block/throttle-groups.c. */
@NullMarked
package org.qsd4j.qom.throttle;

import org.jspecify.annotations.NullMarked;

/** Character devices: where bytes of a monitor come from and go to. QEMU: chardev/. */
@NullMarked
package org.qsd4j.chardev;

import org.jspecify.annotations.NullMarked;

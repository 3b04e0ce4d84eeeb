/** The registry of user-creatable objects. QEMU: qom/. */
@NullMarked
package org.qsd4j.qom;

import org.jspecify.annotations.NullMarked;

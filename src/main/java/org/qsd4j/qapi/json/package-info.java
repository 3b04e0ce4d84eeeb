/** Reads JSON as QEMU reads it, to the byte of its error texts, into Jackson's trees. QEMU: qobject/. */
@NullMarked
package org.qsd4j.qapi.json;

import org.jspecify.annotations.NullMarked;

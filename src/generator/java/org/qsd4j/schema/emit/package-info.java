/** Model to Java sources. */
@NullMarked
package org.qsd4j.schema.emit;

import org.jspecify.annotations.NullMarked;

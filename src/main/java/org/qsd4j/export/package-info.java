/** Exports: nodes that other programs use. The registry and what every type has; each type has its own package. */
@NullMarked
package org.qsd4j.export;

import org.jspecify.annotations.NullMarked;

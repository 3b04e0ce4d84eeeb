/** Expressions to model: everything that a schema must satisfy. */
@NullMarked
package org.qsd4j.schema.check;

import org.jspecify.annotations.NullMarked;

/** The schema compiler: runs at build time, never part of the jar. */
@NullMarked
package org.qsd4j.schema;

import org.jspecify.annotations.NullMarked;

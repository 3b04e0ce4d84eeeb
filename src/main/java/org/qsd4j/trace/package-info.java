/** Trace points: what the program does, line by line, for those who ask with {@code --trace}. */
@NullMarked
package org.qsd4j.trace;

import org.jspecify.annotations.NullMarked;

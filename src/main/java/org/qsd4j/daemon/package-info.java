/** Main, command line, wiring and shutdown order: the one place that constructs everything. */
@NullMarked
package org.qsd4j.daemon;

import org.jspecify.annotations.NullMarked;

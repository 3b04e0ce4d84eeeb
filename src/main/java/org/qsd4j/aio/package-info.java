/**
 * The main loop, I/O threads and the annotations that say which thread may call what.
 *
 * <p>Lock order, outermost first: main loop (a thread, not a lock), a node's metadata lock, a cache's lock. A lock is
 * never held while waiting for the main loop.
 */
@NullMarked
package org.qsd4j.aio;

import org.jspecify.annotations.NullMarked;

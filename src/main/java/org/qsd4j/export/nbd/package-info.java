/**
 * The NBD server and its exports: handshake, transmission, meta contexts.
 *
 * <p>Threads: one for each listening socket, which accepts; one for each connection, which haggles, reads requests and
 * serves those that are quick; up to 15 more for a connection whose requests are slow. Exports are added and removed by
 * the main loop. No thread of a connection ever waits for the main loop, except where the block layer holds requests
 * back.
 */
@NullMarked
package org.qsd4j.export.nbd;

import org.jspecify.annotations.NullMarked;

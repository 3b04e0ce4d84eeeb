/** What the NBD server and the NBD client share: the stream below the protocol, plain or TLS. */
@NullMarked
package org.qsd4j.nbd;

import org.jspecify.annotations.NullMarked;

/** Constants and struct views of the NBD protocol, for the server and the client. */
@NullMarked
package org.qsd4j.nbd.wire;

import org.jspecify.annotations.NullMarked;

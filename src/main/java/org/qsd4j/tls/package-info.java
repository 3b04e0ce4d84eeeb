/** Credentials of TLS connections and their handshake, for whoever has a socket. QEMU: crypto/tls*. */
@NullMarked
package org.qsd4j.tls;

import org.jspecify.annotations.NullMarked;

package org.qsd4j.export.nbd;

import org.jspecify.annotations.Nullable;
import org.qsd4j.nbd.NbdChannel;

/** Credentials of the server and who may come in with which. Any thread. */
interface TlsGate {
    /** Does the server's side of the TLS handshake: the secured stream, or null if it fails or the peer is refused. */
    @Nullable
    NbdChannel accept(NbdChannel plain);
}

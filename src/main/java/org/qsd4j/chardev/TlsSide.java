package org.qsd4j.chardev;

import org.jspecify.annotations.Nullable;
import org.qsd4j.nbd.SocketChannel;
import org.qsd4j.nbd.TlsChannel;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.tls.TlsCreds;

/**
 * How a socket chardev shakes hands when it speaks TLS. Immutable.
 *
 * @param hostname what a server's certificate must name; null on a server
 * @param authz id of the object that decides about clients, whether it is there or not; null lets all in
 */
record TlsSide(
        TlsCreds creds, @Nullable String hostname, @Nullable String authz, ObjectRegistry objects) {
    /** Blocks until hands are shaken or the socket is shut down; throws QapiException. Any thread. */
    TlsChannel start(SocketChannel plain) {
        String decider = authz;
        return TlsChannel.start(
                plain, creds, hostname, decider == null ? null : name -> objects.isAuthorized(decider, name));
    }
}

package org.qsd4j.export.nbd;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.nbd.SocketChannel;
import org.qsd4j.nbd.TlsChannel;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.tls.TlsCreds;

/** Credentials of the server and who may come in with which. */
@ThreadSafe
final class TlsGate {
    private final TlsCreds creds;
    private final @Nullable String authz;
    private final ObjectRegistry objects;
    private final Consumer<String> report;

    /**
     * @param authz id of the object that decides about clients, whether it is there or not; null lets all in
     * @param report told why somebody wasn't let in
     */
    TlsGate(TlsCreds creds, @Nullable String authz, ObjectRegistry objects, Consumer<String> report) {
        this.creds = creds;
        this.authz = authz;
        this.objects = objects;
        this.report = report;
    }

    /** Does the server's side of the TLS handshake. */
    TlsChannel accept(SocketChannel plain) throws Disconnect {
        try {
            return TlsChannel.start(
                    plain, creds, null, authz == null ? null : name -> objects.isAuthorized(authz, name));
        } catch (QapiException e) {
            report.accept("option negotiation failed: " + e.desc());
            throw new Disconnect(e.desc());
        }
    }
}

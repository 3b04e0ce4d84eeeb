package org.qsd4j.tls;

import java.util.function.Consumer;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.TlsCredsAnonProperties;
import org.qsd4j.sys.GnuTlsCredentials;
import org.qsd4j.sys.GnuTlsException;

/** Credentials that prove nothing: the connection is encrypted, to whomever. QEMU: {@code QCryptoTLSCredsAnon}. */
public final class AnonCreds extends TlsCreds {
    private AnonCreds(boolean server, TlsCredsAnonProperties properties, GnuTlsCredentials credentials) {
        super(server, !Boolean.FALSE.equals(properties.verifyPeer()), properties.priority(), credentials);
    }

    /** @throws QapiException with the real daemon's text */
    public static AnonCreds load(TlsCredsAnonProperties properties, Consumer<String> report) {
        checkAvailable();
        boolean server = isServer(properties.endpoint());
        String dir = properties.dir();
        try {
            GnuTlsCredentials credentials = GnuTlsCredentials.anonymous(server);
            if (server) {
                DhParameters.load(dir, credentials, report);
            }
            return new AnonCreds(server, properties, credentials);
        } catch (GnuTlsException e) {
            throw QapiException.generic("Cannot allocate credentials: %s", e.text());
        }
    }

    @Override
    boolean usesCertificates() {
        return false;
    }

    @Override
    String prioritySuffix() {
        return ":+ANON-DH";
    }
}

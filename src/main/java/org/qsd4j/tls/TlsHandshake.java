package org.qsd4j.tls;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.GnuTls;
import org.qsd4j.sys.GnuTlsCertificate;
import org.qsd4j.sys.GnuTlsException;
import org.qsd4j.sys.GnuTlsSession;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.sys.Sockets;

/** Makes a session on a connected socket. QEMU: {@code qcrypto_tls_session_new} and what follows it. */
public final class TlsHandshake {
    private static final long MILLIS = 1000;

    /** Decides about a peer by the distinguished name of its certificate. Any thread. */
    public interface PeerCheck {
        boolean isAllowed(String distinguishedName);
    }

    private TlsHandshake() {}

    /**
     * Shakes hands and checks who the other side is. Blocks as long as the socket does: shut it down to end that.
     *
     * @param fd a socket that doesn't block, the caller's
     * @param hostname what a server's certificate must name; null if any name is good, or for a server
     * @param peer decides about clients; null if all are good, or for a client
     * @return the session, the caller's to close
     * @throws QapiException with the real daemon's text
     */
    public static GnuTlsSession run(TlsCreds creds, int fd, @Nullable String hostname, @Nullable PeerCheck peer) {
        GnuTlsSession session = open(creds, fd);
        boolean done = false;
        try {
            shakeHands(session, fd);
            if (creds.usesCertificates() && creds.verifiesPeer()) {
                checkPeer(session, hostname, peer);
            }
            done = true;
            return session;
        } finally {
            if (!done) {
                session.close();
            }
        }
    }

    private static GnuTlsSession open(TlsCreds creds, int fd) {
        GnuTlsSession session;
        try {
            session = new GnuTlsSession(creds.credentials(), creds.isServer(), fd);
        } catch (GnuTlsException e) {
            throw QapiException.generic("Cannot initialize TLS session: %s", e.text());
        }
        try {
            session.setPriority(creds.priorityString());
        } catch (GnuTlsException e) {
            session.close();
            throw QapiException.generic("Unable to set TLS session priority %s: %s", creds.priorityString(), e.text());
        }
        if (creds.isServer() && creds.usesCertificates() && creds.verifiesPeer()) {
            session.requestCertificate();
        }
        return session;
    }

    private static void shakeHands(GnuTlsSession session, int fd) {
        NativeBuffer pollfd = NativeBuffer.allocate(8);
        int result;
        while ((result = session.handshake()) != 0) {
            if (result == GnuTls.E_AGAIN) {
                Sockets.poll(fd, session.wantsToSend() ? Sockets.POLLOUT : Sockets.POLLIN, pollfd, -1);
            } else if (GnuTls.isFatal(result)) {
                throw QapiException.generic("TLS handshake failed: %s", GnuTls.message(result));
            }
        }
    }

    private static void checkPeer(GnuTlsSession session, @Nullable String hostname, @Nullable PeerCheck peer) {
        List<GnuTlsCertificate> chain;
        try {
            int status = session.verifyPeer();
            if (status != 0) {
                throw QapiException.generic("%s", VerifyStatus.text(status));
            }
            chain = session.peerCertificates();
        } catch (GnuTlsException e) {
            throw QapiException.generic("Verify failed: %s", e.text());
        }
        if (chain.isEmpty()) {
            throw QapiException.generic("No certificate peers");
        }
        for (GnuTlsCertificate certificate : chain) {
            checkTimes(certificate);
        }
        GnuTlsCertificate own = chain.get(0);
        if (peer != null) {
            String name = own.distinguishedName();
            if (name == null || !peer.isAllowed(name)) {
                throw QapiException.generic("TLS x509 authz check for %s is denied", String.valueOf(name));
            }
        }
        if (hostname != null && !own.matchesHostname(hostname)) {
            throw QapiException.generic("Certificate does not match the hostname %s", hostname);
        }
    }

    private static void checkTimes(GnuTlsCertificate certificate) {
        long now = System.currentTimeMillis() / MILLIS;
        if (certificate.expirationTime() < now) {
            throw QapiException.generic("The certificate has expired");
        }
        if (certificate.activationTime() > now) {
            throw QapiException.generic("The certificate is not yet activated");
        }
    }
}

package org.qsd4j.tls;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.QCryptoTLSCredsEndpoint;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.GnuTls;
import org.qsd4j.sys.GnuTlsCredentials;
import org.qsd4j.sys.Libc;

/**
 * What one side of TLS connections identifies itself with and what it asks of the other. QEMU: {@code QCryptoTLSCreds}.
 */
@ThreadSafe
public abstract class TlsCreds {
    private static final String DEFAULT_PRIORITY = "NORMAL";

    private final boolean server;

    /** Written by whoever changes the object's properties, read by threads of connections, as is the next. */
    private volatile boolean verifyPeer;

    private volatile @Nullable String priority;
    private final GnuTlsCredentials credentials;

    TlsCreds(boolean server, boolean verifyPeer, @Nullable String priority, GnuTlsCredentials credentials) {
        this.server = server;
        this.verifyPeer = verifyPeer;
        this.priority = priority;
        this.credentials = credentials;
    }

    /** Throws QapiException on a machine without the library for it. */
    static void checkAvailable() {
        if (!GnuTls.isAvailable()) {
            throw QapiException.generic("TLS credentials support requires GNUTLS");
        }
    }

    static boolean isServer(@Nullable QCryptoTLSCredsEndpoint endpoint) {
        return endpoint == QCryptoTLSCredsEndpoint.SERVER;
    }

    /** The credentials' directory; throws QapiException if none is named. */
    static String requireDir(@Nullable String dir) {
        if (dir == null || dir.isEmpty()) {
            throw QapiException.generic("Missing 'dir' property value");
        }
        return dir;
    }

    /** The path of a file in the credentials' directory; null if there is none, and that is no error. */
    static @Nullable String file(String dir, String name, boolean required) {
        String path = dir + "/" + name;
        int result = Libc.access(path, Libc.R_OK);
        if (result < 0 && (required || result != -Errno.ENOENT)) {
            throw QapiException.fromErrno(result, "Unable to access credentials %s", path);
        }
        return result < 0 ? null : path;
    }

    boolean isServer() {
        return server;
    }

    /** Throws QapiException if they are for the other end. */
    public void checkEndpoint(boolean wantServer) {
        if (server != wantServer) {
            throw QapiException.generic("Expected TLS credentials for a %s endpoint", wantServer ? "server" : "client");
        }
    }

    /** From the next connection on. */
    public void setVerifyPeer(boolean verify) {
        verifyPeer = verify;
    }

    /** From the next connection on. */
    public void setPriority(String text) {
        priority = text;
    }

    boolean verifiesPeer() {
        return verifyPeer;
    }

    GnuTlsCredentials credentials() {
        return credentials;
    }

    /** Whether the other side may show a certificate. */
    abstract boolean usesCertificates();

    /** What has to be added to a priority string so that the credentials can be used at all. */
    abstract String prioritySuffix();

    String priorityString() {
        String chosen = priority;
        return (chosen == null ? DEFAULT_PRIORITY : chosen) + prioritySuffix();
    }
}

package org.qsd4j.tls;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.FileContents;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.TlsCredsX509Properties;
import org.qsd4j.sys.GnuTlsCertificate;
import org.qsd4j.sys.GnuTlsCredentials;
import org.qsd4j.sys.GnuTlsException;
import org.qsd4j.sys.GnuTlsPrivateKey;

/**
 * Certificates in files of fixed names in one directory: {@code ca-cert.pem}, {@code server-cert.pem} with {@code
 * server-key.pem} or the same for a client, up to four more pairs with {@code -0} to {@code -3}, {@code ca-crl.pem} and
 * {@code dh-params.pem}. QEMU: {@code QCryptoTLSCredsX509}.
 */
public final class X509Creds extends TlsCreds {
    private static final int MORE_IDENTITIES = 4;

    /** A chain, the own certificate first, and the file that it is from. */
    record Identity(String file, List<GnuTlsCertificate> chain) {}

    private X509Creds(boolean server, TlsCredsX509Properties properties, GnuTlsCredentials credentials) {
        super(server, !Boolean.FALSE.equals(properties.verifyPeer()), properties.priority(), credentials);
    }

    /**
     * @param password of an encrypted key, if there is one
     * @throws QapiException with the real daemon's text
     */
    public static X509Creds load(
            TlsCredsX509Properties properties, @Nullable String password, Consumer<String> report) {
        checkAvailable();
        boolean server = isServer(properties.endpoint());
        String dir = requireDir(properties.dir());
        try {
            GnuTlsCredentials credentials = GnuTlsCredentials.certificate();
            String authorityFile = String.valueOf(file(dir, "ca-cert.pem", true));
            String crlFile = server ? file(dir, "ca-crl.pem", false) : null;
            List<GnuTlsCertificate> authorities = certificates(authorityFile, "CA cert list");
            credentials.trust(authorities);
            List<Identity> identities = identities(dir, server, password, credentials);
            if (!Boolean.FALSE.equals(properties.sanityCheck())) {
                X509Sanity sanity = new X509Sanity(server, authorityFile, authorities);
                identities.forEach(sanity::check);
            }
            if (crlFile != null) {
                revoke(crlFile, credentials);
            }
            if (server) {
                DhParameters.load(dir, credentials, report);
            }
            return new X509Creds(server, properties, credentials);
        } catch (GnuTlsException e) {
            throw QapiException.generic("Cannot allocate credentials: %s", e.text());
        }
    }

    private static List<Identity> identities(
            String dir, boolean server, @Nullable String password, GnuTlsCredentials credentials) {
        String side = server ? "server" : "client";
        List<Identity> identities = new ArrayList<>();
        Identity first = identity(dir, side, "", password, credentials);
        if (first != null) {
            identities.add(first);
        }
        for (int i = 0; i < MORE_IDENTITIES; i++) {
            Identity next = identity(dir, side, "-" + i, password, credentials);
            if (next == null) {
                break;
            }
            identities.add(next);
        }
        if (server && identities.isEmpty()) {
            throw QapiException.generic("Missing server cert '%s/server-cert.pem' & key '%s/server-key.pem'", dir, dir);
        }
        return identities;
    }

    /** One certificate with its key, or null if there is neither. */
    private static @Nullable Identity identity(
            String dir, String side, String suffix, @Nullable String password, GnuTlsCredentials credentials) {
        String certName = side + "-cert" + suffix + ".pem";
        String keyName = side + "-key" + suffix + ".pem";
        String cert = file(dir, certName, false);
        String key = file(dir, keyName, false);
        if (cert == null) {
            if (key == null) {
                return null;
            }
            throw QapiException.generic("Key '%s' without corresponding cert '%s/%s'", key, dir, certName);
        }
        if (key == null) {
            throw QapiException.generic("Cert '%s' without corresponding key '%s/%s'", cert, dir, keyName);
        }
        List<GnuTlsCertificate> chain = certificates(cert, "certificate");
        GnuTlsPrivateKey privateKey = privateKey(key, password);
        try {
            credentials.identity(chain, privateKey);
        } catch (GnuTlsException e) {
            throw QapiException.generic("Cannot set certificate '%s' & key '%s': %s", cert, key, e.text());
        }
        return new Identity(cert, chain);
    }

    private static List<GnuTlsCertificate> certificates(String path, String what) {
        byte[] content = read(path, what);
        try {
            return GnuTlsCertificate.importPem(content);
        } catch (GnuTlsException e) {
            throw QapiException.generic("Unable to import certificate %s: %s", path, e.text());
        }
    }

    private static GnuTlsPrivateKey privateKey(String path, @Nullable String password) {
        byte[] content = read(path, "private key");
        try {
            return GnuTlsPrivateKey.importPem(content, password);
        } catch (GnuTlsException e) {
            throw QapiException.generic("Unable to import private key %s", path);
        }
    }

    private static byte[] read(String path, String what) {
        try {
            return FileContents.read(path);
        } catch (QapiException e) {
            throw e.prepend("Cannot load %s %s: ", what, path);
        }
    }

    private static void revoke(String crlFile, GnuTlsCredentials credentials) {
        try {
            credentials.revoke(crlFile);
        } catch (GnuTlsException e) {
            throw QapiException.generic("Cannot load CRL '%s': %s", crlFile, e.text());
        }
    }

    @Override
    boolean usesCertificates() {
        return true;
    }

    @Override
    String prioritySuffix() {
        return "";
    }
}

package org.qsd4j.tls;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.GnuTls;
import org.qsd4j.sys.GnuTlsCertificate;
import org.qsd4j.sys.GnuTlsException;

/**
 * Finds out when credentials are loaded what would fail mysteriously at every handshake. Authorities that aren't in the
 * chain of the own certificate are not looked at. QEMU: {@code qcrypto_tls_creds_x509_sanity_check}.
 */
final class X509Sanity {
    private static final String PURPOSE_SERVER = "1.3.6.1.5.5.7.3.1";
    private static final String PURPOSE_CLIENT = "1.3.6.1.5.5.7.3.2";
    private static final String PURPOSE_ANY = "2.5.29.37.0";
    private static final long MILLIS = 1000;

    private final boolean server;
    private final String authorityFile;
    private final List<GnuTlsCertificate> authorities;

    X509Sanity(boolean server, String authorityFile, List<GnuTlsCertificate> authorities) {
        this.server = server;
        this.authorityFile = authorityFile;
        this.authorities = authorities;
    }

    /** Throws QapiException for the first thing that is wrong with it. */
    void check(X509Creds.Identity identity) {
        List<GnuTlsCertificate> chain = identity.chain();
        for (int i = 0; i < chain.size(); i++) {
            check(chain.get(i), identity.file(), i > 0);
        }
        checkAuthorities(chain);
        try {
            int status = GnuTlsCertificate.verify(chain, authorities);
            if (status != 0) {
                throw QapiException.generic(
                        "Our own certificate %s failed validation against %s: %s",
                        identity.file(), authorityFile, VerifyStatus.text(status));
            }
        } catch (GnuTlsException e) {
            throw QapiException.generic(
                    server
                            ? "Unable to verify server certificate %s against CA certificate %s"
                            : "Unable to verify client certificate %s against CA certificate %s",
                    identity.file(),
                    authorityFile);
        }
    }

    /** Follows the issuers from the own certificate to one that has signed itself. */
    private void checkAuthorities(List<GnuTlsCertificate> chain) {
        List<GnuTlsCertificate> left = new ArrayList<>(chain.subList(1, chain.size()));
        List<GnuTlsCertificate> authoritiesLeft = new ArrayList<>(authorities);
        GnuTlsCertificate at = chain.get(0);
        while (!at.isIssuedBy(at)) {
            GnuTlsCertificate issuer = takeIssuer(at, left);
            if (issuer == null) {
                issuer = takeIssuer(at, authoritiesLeft);
                if (issuer == null) {
                    throw QapiException.generic(
                            "Cert '%s' has no issuer in CA chain", String.valueOf(at.distinguishedName()));
                }
                check(issuer, authorityFile, true);
            }
            at = issuer;
        }
    }

    /** Each is taken once: what certifies itself in a circle comes to an end. */
    private static @Nullable GnuTlsCertificate takeIssuer(GnuTlsCertificate of, List<GnuTlsCertificate> from) {
        for (GnuTlsCertificate candidate : from) {
            if (of.isIssuedBy(candidate)) {
                from.remove(candidate);
                return candidate;
            }
        }
        return null;
    }

    private void check(GnuTlsCertificate certificate, String file, boolean authority) {
        checkTimes(certificate, file, authority);
        checkBasicConstraints(certificate, file, authority);
        checkKeyUsage(certificate, file, authority);
        if (!authority) {
            checkPurpose(certificate, file);
        }
    }

    private void checkTimes(GnuTlsCertificate certificate, String file, boolean authority) {
        String what = authority ? "CA" : side();
        long now = System.currentTimeMillis() / MILLIS;
        if (certificate.expirationTime() < now) {
            throw QapiException.generic("The %s certificate %s has expired", what, file);
        }
        if (certificate.activationTime() > now) {
            throw QapiException.generic("The %s certificate %s is not yet active", what, file);
        }
    }

    private String side() {
        return server ? "server" : "client";
    }

    private void checkBasicConstraints(GnuTlsCertificate certificate, String file, boolean authority) {
        int status = certificate.caStatus();
        if (status > 0 && !authority) {
            throw QapiException.generic(
                    "The certificate %s basic constraints show a CA, but we need one for a %s", file, side());
        }
        if (status == 0 && authority) {
            throw QapiException.generic("The certificate %s basic constraints do not show a CA", file);
        }
        if (status == GnuTls.E_REQUESTED_DATA_NOT_AVAILABLE && authority) {
            throw QapiException.generic("The certificate %s is missing basic constraints for a CA", file);
        }
        if (status < 0 && status != GnuTls.E_REQUESTED_DATA_NOT_AVAILABLE) {
            throw QapiException.generic(
                    "Unable to query certificate %s basic constraints: %s", file, GnuTls.message(status));
        }
    }

    private static void checkKeyUsage(GnuTlsCertificate certificate, String file, boolean authority) {
        int needed = authority ? GnuTlsCertificate.KEY_KEY_CERT_SIGN : GnuTlsCertificate.KEY_DIGITAL_SIGNATURE;
        if ((certificate.criticalKeyUsage(needed) & needed) == 0) {
            throw QapiException.generic(
                    "Certificate %s usage does not permit %s",
                    file, authority ? "certificate signing" : "digital signature");
        }
    }

    private void checkPurpose(GnuTlsCertificate certificate, String file) {
        List<String> purposes = certificate.criticalPurposes();
        boolean allowed = purposes.isEmpty()
                || purposes.contains(PURPOSE_ANY)
                || purposes.contains(server ? PURPOSE_SERVER : PURPOSE_CLIENT);
        if (!allowed) {
            throw QapiException.generic("Certificate %s purpose does not allow use with a TLS %s", file, side());
        }
    }
}

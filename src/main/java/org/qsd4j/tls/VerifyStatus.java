package org.qsd4j.tls;

import org.qsd4j.sys.GnuTlsCertificate;

/** What verifying a certificate has found, in words. */
final class VerifyStatus {
    private VerifyStatus() {}

    /** @param status not 0: a mask of {@link GnuTlsCertificate}; the last of these that is set counts */
    static String text(int status) {
        String text = "Invalid certificate";
        if ((status & GnuTlsCertificate.INVALID) != 0) {
            text = "The certificate is not trusted";
        }
        if ((status & GnuTlsCertificate.SIGNER_NOT_FOUND) != 0) {
            text = "The certificate hasn't got a known issuer";
        }
        if ((status & GnuTlsCertificate.REVOKED) != 0) {
            text = "The certificate has been revoked";
        }
        if ((status & GnuTlsCertificate.INSECURE_ALGORITHM) != 0) {
            text = "The certificate uses an insecure algorithm";
        }
        return text;
    }
}

package org.qsd4j.sys;

import org.jspecify.annotations.Nullable;

/** The private key of a certificate. Immutable. */
public final class GnuTlsPrivateKey {
    private static final NativeFunction INIT = GnuTls.function("gnutls_x509_privkey_init", 1);
    private static final NativeFunction DEINIT = GnuTls.function("gnutls_x509_privkey_deinit", 1);
    private static final NativeFunction IMPORT = GnuTls.function("gnutls_x509_privkey_import2", 5);

    private final long handle;

    private GnuTlsPrivateKey(NativeBuffer out) {
        handle = GnuTls.own(this, out, DEINIT);
    }

    /** @param password of an encrypted key; null if there is none */
    public static GnuTlsPrivateKey importPem(byte[] pem, @Nullable String password) throws GnuTlsException {
        NativeBuffer out = NativeBuffer.allocate(8);
        GnuTls.check(INIT.callInt(out.address()));
        GnuTlsPrivateKey key = new GnuTlsPrivateKey(out);
        NativeBuffer datum = GnuTls.datum(pem);
        NativeBuffer secret = password == null ? null : GnuTls.cString(password);
        try {
            long address = secret == null ? 0 : secret.address();
            GnuTls.check(IMPORT.callInt(key.handle, datum.address(), GnuTls.FORMAT_PEM, address, 0));
            return key;
        } finally {
            datum.zero(0, datum.capacity());
            if (secret != null) {
                secret.zero(0, secret.capacity());
            }
        }
    }

    long handle() {
        return handle;
    }
}

package org.qsd4j.sys;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a side of a TLS connection identifies itself with, and believes in. Set up by one thread, then used by any. */
public final class GnuTlsCredentials {
    private static final int CRD_CERTIFICATE = 1;
    private static final int CRD_ANON = 2;
    private static final int CRD_PSK = 4;
    private static final int PSK_KEY_HEX = 1;

    /** The functions of one kind of credentials. */
    private record Kind(
            int type,
            NativeFunction allocate,
            NativeFunction free,
            @Nullable NativeFunction setDhParams) {
        static Kind of(int type, String allocate, String free, @Nullable String setDhParams) {
            return new Kind(
                    type,
                    GnuTls.function(allocate, 1),
                    GnuTls.function(free, 1),
                    setDhParams == null ? null : GnuTls.function(setDhParams, 2));
        }
    }

    private static final Kind CERTIFICATE = Kind.of(
            CRD_CERTIFICATE,
            "gnutls_certificate_allocate_credentials",
            "gnutls_certificate_free_credentials",
            "gnutls_certificate_set_dh_params");
    private static final Kind PSK_SERVER = Kind.of(
            CRD_PSK,
            "gnutls_psk_allocate_server_credentials",
            "gnutls_psk_free_server_credentials",
            "gnutls_psk_set_server_dh_params");
    private static final Kind PSK_CLIENT =
            Kind.of(CRD_PSK, "gnutls_psk_allocate_client_credentials", "gnutls_psk_free_client_credentials", null);
    private static final Kind ANON_SERVER = Kind.of(
            CRD_ANON,
            "gnutls_anon_allocate_server_credentials",
            "gnutls_anon_free_server_credentials",
            "gnutls_anon_set_server_dh_params");
    private static final Kind ANON_CLIENT =
            Kind.of(CRD_ANON, "gnutls_anon_allocate_client_credentials", "gnutls_anon_free_client_credentials", null);

    private static final NativeFunction SET_TRUST = GnuTls.function("gnutls_certificate_set_x509_trust", 3);
    private static final NativeFunction SET_KEY = GnuTls.function("gnutls_certificate_set_x509_key", 4);
    private static final NativeFunction SET_CRL = GnuTls.function("gnutls_certificate_set_x509_crl_file", 3);
    private static final NativeFunction DH_INIT = GnuTls.function("gnutls_dh_params_init", 1);
    private static final NativeFunction DH_DEINIT = GnuTls.function("gnutls_dh_params_deinit", 1);
    private static final NativeFunction DH_IMPORT = GnuTls.function("gnutls_dh_params_import_pkcs3", 3);
    private static final NativeFunction PSK_FILE = GnuTls.function("gnutls_psk_set_server_credentials_file", 2);
    private static final NativeFunction PSK_SET = GnuTls.function("gnutls_psk_set_client_credentials", 4);

    private final Kind kind;
    private final long handle;

    /** What the library refers to, not copies; freed after the credentials. */
    private static final class Attachments implements Runnable {
        final long credentials;
        final Kind kind;
        final List<Long> dhParams = new ArrayList<>();

        Attachments(long credentials, Kind kind) {
            this.credentials = credentials;
            this.kind = kind;
        }

        @Override
        public void run() {
            kind.free.call(credentials);
            dhParams.forEach(DH_DEINIT::call);
        }
    }

    private final Attachments attachments;

    private GnuTlsCredentials(Kind kind) throws GnuTlsException {
        this.kind = kind;
        NativeBuffer out = NativeBuffer.allocate(8);
        GnuTls.check(kind.allocate.callInt(out.address()));
        handle = out.getLong(0);
        attachments = new Attachments(handle, kind);
        GnuTls.CLEANER.register(this, attachments);
    }

    public static GnuTlsCredentials certificate() throws GnuTlsException {
        return new GnuTlsCredentials(CERTIFICATE);
    }

    public static GnuTlsCredentials psk(boolean server) throws GnuTlsException {
        return new GnuTlsCredentials(server ? PSK_SERVER : PSK_CLIENT);
    }

    public static GnuTlsCredentials anonymous(boolean server) throws GnuTlsException {
        return new GnuTlsCredentials(server ? ANON_SERVER : ANON_CLIENT);
    }

    /** Certificates: believe in what these authorities have signed. */
    public void trust(List<GnuTlsCertificate> authorities) throws GnuTlsException {
        NativeBuffer array = GnuTlsCertificate.array(authorities);
        try {
            GnuTls.check(SET_TRUST.callInt(handle, array.address(), authorities.size()));
        } finally {
            Reference.reachabilityFence(array);
            Reference.reachabilityFence(authorities);
        }
    }

    /** Certificates: identify with this chain, the own certificate first. */
    public void identity(List<GnuTlsCertificate> chain, GnuTlsPrivateKey key) throws GnuTlsException {
        NativeBuffer array = GnuTlsCertificate.array(chain);
        try {
            GnuTls.check(SET_KEY.callInt(handle, array.address(), chain.size(), key.handle()));
        } finally {
            Reference.reachabilityFence(array);
            Reference.reachabilityFence(chain);
            Reference.reachabilityFence(key);
        }
    }

    /** Certificates: don't believe in those that a PEM file of revocation lists names. */
    public void revoke(String crlFile) throws GnuTlsException {
        NativeBuffer text = GnuTls.cString(crlFile);
        try {
            GnuTls.check(SET_CRL.callInt(handle, text.address(), GnuTls.FORMAT_PEM));
        } finally {
            Reference.reachabilityFence(text);
        }
    }

    /** A server's: Diffie-Hellman parameters from a PEM file, in place of the well-known ones. */
    public void dhParams(byte[] pkcs3) throws GnuTlsException {
        NativeFunction set = kind.setDhParams;
        if (set == null) {
            throw new IllegalStateException("a client's");
        }
        NativeBuffer out = NativeBuffer.allocate(8);
        GnuTls.check(DH_INIT.callInt(out.address()));
        long params = out.getLong(0);
        attachments.dhParams.add(params);
        NativeBuffer datum = GnuTls.datum(pkcs3);
        try {
            GnuTls.check(DH_IMPORT.callInt(params, datum.address(), GnuTls.FORMAT_PEM));
            set.call(handle, params);
        } finally {
            Reference.reachabilityFence(datum);
        }
    }

    /** A PSK server's: the file with a line {@code user:key} for each user, read at each handshake. */
    public void pskFile(String path) throws GnuTlsException {
        NativeBuffer text = GnuTls.cString(path);
        try {
            GnuTls.check(PSK_FILE.callInt(handle, text.address()));
        } finally {
            Reference.reachabilityFence(text);
        }
    }

    /** A PSK client's. */
    public void psk(String user, byte[] hexKey) throws GnuTlsException {
        NativeBuffer name = GnuTls.cString(user);
        NativeBuffer datum = GnuTls.datum(hexKey);
        try {
            GnuTls.check(PSK_SET.callInt(handle, name.address(), datum.address(), PSK_KEY_HEX));
            datum.zero(0, datum.capacity());
        } finally {
            Reference.reachabilityFence(name);
        }
    }

    int type() {
        return kind.type;
    }

    long handle() {
        return handle;
    }
}

package org.qsd4j.sys;

import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A certificate as GnuTLS has parsed it. Immutable; any thread. */
public final class GnuTlsCertificate {
    /** What {@link #verify} and {@link GnuTlsSession#verifyPeer} find wrong: a mask. */
    public static final int INVALID = 1 << 1;

    public static final int REVOKED = 1 << 5;
    public static final int SIGNER_NOT_FOUND = 1 << 6;
    public static final int INSECURE_ALGORITHM = 1 << 8;

    public static final int KEY_DIGITAL_SIGNATURE = 128;
    public static final int KEY_KEY_ENCIPHERMENT = 32;
    public static final int KEY_KEY_CERT_SIGN = 4;

    private static final NativeFunction INIT = GnuTls.function("gnutls_x509_crt_init", 1);
    private static final NativeFunction DEINIT = GnuTls.function("gnutls_x509_crt_deinit", 1);
    private static final NativeFunction IMPORT = GnuTls.function("gnutls_x509_crt_import", 3);
    private static final NativeFunction LIST_IMPORT = GnuTls.function("gnutls_x509_crt_list_import", 5);
    private static final NativeFunction ACTIVATION = GnuTls.function("gnutls_x509_crt_get_activation_time", 1);
    private static final NativeFunction EXPIRATION = GnuTls.function("gnutls_x509_crt_get_expiration_time", 1);
    private static final NativeFunction CA_STATUS = GnuTls.function("gnutls_x509_crt_get_ca_status", 2);
    private static final NativeFunction KEY_USAGE = GnuTls.function("gnutls_x509_crt_get_key_usage", 3);
    private static final NativeFunction KEY_PURPOSE = GnuTls.function("gnutls_x509_crt_get_key_purpose_oid", 5);
    private static final NativeFunction DN = GnuTls.function("gnutls_x509_crt_get_dn", 3);
    private static final NativeFunction CHECK_ISSUER = GnuTls.function("gnutls_x509_crt_check_issuer", 2);
    private static final NativeFunction CHECK_HOSTNAME = GnuTls.function("gnutls_x509_crt_check_hostname", 2);
    private static final NativeFunction TRUST_INIT = GnuTls.function("gnutls_x509_trust_list_init", 2);
    private static final NativeFunction TRUST_ADD = GnuTls.function("gnutls_x509_trust_list_add_cas", 4);
    private static final NativeFunction TRUST_VERIFY = GnuTls.function("gnutls_x509_trust_list_verify_crt", 6);
    private static final NativeFunction TRUST_DEINIT = GnuTls.function("gnutls_x509_trust_list_deinit", 2);

    private static final int FAIL_IF_EXCEED = 1;
    private static final int USUAL_COUNT = 16;
    private static final int TEXT_BYTES = 4096;

    private final long handle;

    private GnuTlsCertificate(NativeBuffer out) {
        handle = GnuTls.own(this, out, DEINIT);
    }

    /** All certificates of a PEM file. */
    public static List<GnuTlsCertificate> importPem(byte[] pem) throws GnuTlsException {
        NativeBuffer datum = GnuTls.datum(pem);
        NativeBuffer count = NativeBuffer.allocate(8);
        int room = USUAL_COUNT;
        try {
            while (true) {
                NativeBuffer handles = NativeBuffer.allocate(8 * room);
                count.putInt(0, room);
                int result = LIST_IMPORT.callInt(
                        handles.address(), count.address(), datum.address(), GnuTls.FORMAT_PEM, FAIL_IF_EXCEED);
                if (result != GnuTls.E_SHORT_MEMORY_BUFFER || count.getInt(0) <= room) {
                    return adopt(handles, GnuTls.check(result));
                }
                room = count.getInt(0);
            }
        } finally {
            Reference.reachabilityFence(datum);
        }
    }

    private static List<GnuTlsCertificate> adopt(NativeBuffer handles, int count) {
        List<GnuTlsCertificate> certificates = new ArrayList<>();
        NativeBuffer one = NativeBuffer.allocate(8);
        for (int i = 0; i < count; i++) {
            one.putLong(0, handles.getLong(8 * i));
            certificates.add(new GnuTlsCertificate(one));
        }
        return certificates;
    }

    static GnuTlsCertificate importDer(byte[] der) throws GnuTlsException {
        NativeBuffer out = NativeBuffer.allocate(8);
        GnuTls.check(INIT.callInt(out.address()));
        GnuTlsCertificate certificate = new GnuTlsCertificate(out);
        NativeBuffer datum = GnuTls.datum(der);
        try {
            GnuTls.check(IMPORT.callInt(certificate.handle, datum.address(), GnuTls.FORMAT_DER));
            return certificate;
        } finally {
            Reference.reachabilityFence(datum);
        }
    }

    /** Seconds since 1970. */
    public long activationTime() {
        return ACTIVATION.call(handle);
    }

    /** Seconds since 1970. */
    public long expirationTime() {
        return EXPIRATION.call(handle);
    }

    /** 1 if it is that of an authority, 0 if not, {@link GnuTls#E_REQUESTED_DATA_NOT_AVAILABLE} if it doesn't say. */
    public int caStatus() {
        return CA_STATUS.callInt(handle, 0);
    }

    /**
     * What its key may be used for: a mask of KEY_…
     *
     * @param byDefault for a certificate that doesn't say, or only as advice (isn't critical)
     */
    public int criticalKeyUsage(int byDefault) {
        NativeBuffer out = NativeBuffer.allocate(8);
        try {
            int result = KEY_USAGE.callInt(handle, out.address(), out.address(4, 4));
            return result < 0 || out.getInt(4) == 0 ? byDefault : out.getInt(0);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The purposes that it is restricted to, as OIDs; empty if it isn't, or only as advice. */
    public List<String> criticalPurposes() {
        List<String> purposes = new ArrayList<>();
        NativeBuffer oid = NativeBuffer.allocate(TEXT_BYTES);
        NativeBuffer out = NativeBuffer.allocate(16);
        try {
            while (true) {
                out.putLong(0, TEXT_BYTES);
                int result =
                        KEY_PURPOSE.callInt(handle, purposes.size(), oid.address(), out.address(), out.address(8, 4));
                if (result < 0) {
                    return purposes;
                }
                if (out.getInt(8) == 0) {
                    return List.of();
                }
                purposes.add(text(oid, (int) out.getLong(0)));
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The subject's distinguished name, {@code C=…,O=…,CN=…}; null if there is none that makes sense. */
    public @Nullable String distinguishedName() {
        NativeBuffer text = NativeBuffer.allocate(TEXT_BYTES);
        NativeBuffer size = NativeBuffer.allocate(8);
        size.putLong(0, TEXT_BYTES);
        try {
            int result = DN.callInt(handle, text.address(), size.address());
            return result < 0 ? null : text(text, (int) size.getLong(0));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private static String text(NativeBuffer buffer, int length) {
        int end = 0;
        while (end < Math.min(length, TEXT_BYTES) && buffer.getByte(end) != 0) {
            end++;
        }
        byte[] bytes = new byte[end];
        buffer.get(0, bytes, 0, end);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Whether {@code issuer} has signed it, by name. */
    public boolean isIssuedBy(GnuTlsCertificate issuer) {
        try {
            return CHECK_ISSUER.callInt(handle, issuer.handle) == 1;
        } finally {
            Reference.reachabilityFence(issuer);
            Reference.reachabilityFence(this);
        }
    }

    public boolean matchesHostname(String name) {
        NativeBuffer text = GnuTls.cString(name);
        try {
            return CHECK_HOSTNAME.callInt(handle, text.address()) != 0;
        } finally {
            Reference.reachabilityFence(text);
            Reference.reachabilityFence(this);
        }
    }

    /** Verifies a chain, the own certificate first, against authorities: a mask of what is wrong. */
    public static int verify(List<GnuTlsCertificate> chain, List<GnuTlsCertificate> authorities)
            throws GnuTlsException {
        NativeBuffer own = array(chain);
        NativeBuffer trusted = array(authorities);
        NativeBuffer out = NativeBuffer.allocate(16);
        GnuTls.check(TRUST_INIT.callInt(out.address(), 0));
        long list = out.getLong(0);
        try {
            GnuTls.check(TRUST_ADD.callInt(list, trusted.address(), authorities.size(), 0));
            GnuTls.check((int) TRUST_VERIFY.call(list, own.address(), chain.size(), 0, out.address(8, 4), 0));
            return out.getInt(8);
        } finally {
            TRUST_DEINIT.call(list, 0);
            Reference.reachabilityFence(own);
            Reference.reachabilityFence(trusted);
            Reference.reachabilityFence(chain);
            Reference.reachabilityFence(authorities);
        }
    }

    /** The handles one after the other; good as long as the list is reachable. */
    static NativeBuffer array(List<GnuTlsCertificate> certificates) {
        NativeBuffer array = NativeBuffer.allocate(Math.max(8, 8 * certificates.size()));
        for (int i = 0; i < certificates.size(); i++) {
            array.putLong(8 * i, certificates.get(i).handle);
        }
        return array;
    }
}

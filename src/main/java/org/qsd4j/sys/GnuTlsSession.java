package org.qsd4j.sys;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;

/**
 * One side of one TLS connection over a socket that doesn't block. The library takes care of no two threads at once: the
 * caller does, and it calls {@link #close} in the end, once.
 *
 * <p>Where a call would wait it returns {@link GnuTls#E_AGAIN}, and is to be made again with the same arguments.
 */
public final class GnuTlsSession {
    private static final int SERVER = 1;
    private static final int CLIENT = 1 << 1;
    private static final int NONBLOCK = 1 << 3;
    private static final int CERT_REQUEST = 1;

    private static final NativeFunction INIT = GnuTls.function("gnutls_init", 2);
    private static final NativeFunction DEINIT = GnuTls.function("gnutls_deinit", 1);
    private static final NativeFunction SET_CREDENTIALS = GnuTls.function("gnutls_credentials_set", 3);
    private static final NativeFunction SET_PRIORITY = GnuTls.function("gnutls_priority_set_direct", 3);
    private static final NativeFunction SET_REQUEST = GnuTls.function("gnutls_certificate_server_set_request", 2);
    private static final NativeFunction SET_SOCKET = GnuTls.function("gnutls_transport_set_int2", 3);
    private static final NativeFunction HANDSHAKE = GnuTls.function("gnutls_handshake", 1);
    private static final NativeFunction DIRECTION = GnuTls.function("gnutls_record_get_direction", 1);
    private static final NativeFunction RECEIVE = GnuTls.function("gnutls_record_recv", 3);
    private static final NativeFunction SEND = GnuTls.function("gnutls_record_send", 3);
    private static final NativeFunction VERIFY_PEERS = GnuTls.function("gnutls_certificate_verify_peers2", 2);
    private static final NativeFunction GET_PEERS = GnuTls.function("gnutls_certificate_get_peers", 2);

    private static final int DATUM_BYTES = 16;

    private final long handle;
    private final GnuTlsCredentials credentials;

    /** @param fd a connected socket that doesn't block; stays the caller's, and open until {@link #close} */
    public GnuTlsSession(GnuTlsCredentials credentials, boolean server, int fd) throws GnuTlsException {
        NativeBuffer out = NativeBuffer.allocate(8);
        GnuTls.check(INIT.callInt(out.address(), (server ? SERVER : CLIENT) | NONBLOCK));
        this.handle = out.getLong(0);
        this.credentials = credentials;
        SET_SOCKET.call(handle, fd, fd);
        int result = SET_CREDENTIALS.callInt(handle, credentials.type(), credentials.handle());
        if (result < 0) {
            close();
            throw new GnuTlsException(result);
        }
    }

    /** Which versions and algorithms are good enough, as one of the library's priority strings. */
    public void setPriority(String priority) throws GnuTlsException {
        NativeBuffer text = GnuTls.cString(priority);
        try {
            GnuTls.check(SET_PRIORITY.callInt(handle, text.address(), 0));
        } finally {
            Reference.reachabilityFence(text);
        }
    }

    /** A server's: ask the client for a certificate. */
    public void requestCertificate() {
        SET_REQUEST.call(handle, CERT_REQUEST);
    }

    /** 0 when it is done, or a code. */
    public int handshake() {
        return HANDSHAKE.callInt(handle);
    }

    /** Whether it was sending that the last call would have had to wait for. */
    public boolean wantsToSend() {
        return DIRECTION.callInt(handle) == 1;
    }

    /** How many bytes came, 0 at the orderly end of the stream, or a code. */
    public int receive(long address, int bytes) {
        return (int) RECEIVE.call(handle, address, bytes);
    }

    /** How many bytes went, or a code. */
    public int send(long address, int bytes) {
        return (int) SEND.call(handle, address, bytes);
    }

    /** What is wrong with the peer's certificate: a mask of {@link GnuTlsCertificate}. */
    public int verifyPeer() throws GnuTlsException {
        NativeBuffer status = NativeBuffer.allocate(8);
        GnuTls.check(VERIFY_PEERS.callInt(handle, status.address()));
        return status.getInt(0);
    }

    /** The chain that the peer has sent, its own certificate first; empty if it has none. */
    public List<GnuTlsCertificate> peerCertificates() throws GnuTlsException {
        NativeBuffer count = NativeBuffer.allocate(8);
        long datums = GET_PEERS.call(handle, count.address());
        List<GnuTlsCertificate> chain = new ArrayList<>();
        for (int i = 0; datums != 0 && i < count.getInt(0); i++) {
            chain.add(GnuTlsCertificate.importDer(GnuTls.datumBytes(datums + (long) DATUM_BYTES * i)));
        }
        return chain;
    }

    /** Forgets the session. */
    public void close() {
        try {
            DEINIT.call(handle);
        } finally {
            Reference.reachabilityFence(credentials);
        }
    }
}

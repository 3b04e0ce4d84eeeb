package org.qsd4j.sys;

/** A call of GnuTLS has failed; the message is the library's text. */
public final class GnuTlsException extends Exception {
    private static final long serialVersionUID = 1L;

    public GnuTlsException(int error) {
        super(GnuTls.message(error), null, false, false);
    }

    public String text() {
        return String.valueOf(getMessage());
    }
}

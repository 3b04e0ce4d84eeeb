package org.qsd4j.export.nbd;

/** The connection ends, without another word to the client. Has no stack trace. */
final class Disconnect extends Exception {
    private static final long serialVersionUID = 1L;

    Disconnect(String why) {
        super(why, null, false, false);
    }
}

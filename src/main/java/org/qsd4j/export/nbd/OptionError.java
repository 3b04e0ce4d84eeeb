package org.qsd4j.export.nbd;

import java.util.Locale;

/** An option that is answered with an error; the haggling goes on. Has no stack trace. */
final class OptionError extends Exception {
    private static final long serialVersionUID = 1L;

    private final int reply;

    /** {@code reply} is an NBD_REP_ERR_…, the text is for the client's user. */
    OptionError(int reply, String format, Object... args) {
        super(String.format(Locale.ROOT, format, args), null, false, false);
        this.reply = reply;
    }

    int reply() {
        return reply;
    }

    String text() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}

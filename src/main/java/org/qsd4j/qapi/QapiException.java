package org.qsd4j.qapi;

import java.util.Locale;
import org.qsd4j.sys.Errno;

/**
 * The one exception of the control path. QEMU: {@code Error}. Its message is what the client reads, word for word; it
 * has no stack trace, since the message is the whole of it.
 */
public final class QapiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorClass errorClass;
    private final int errno;
    private final String hint;

    private QapiException(ErrorClass errorClass, String desc, int errno, String hint) {
        super(desc, null, false, false);
        this.errorClass = errorClass;
        this.errno = errno;
        this.hint = hint;
    }

    private QapiException(ErrorClass errorClass, String desc, int errno) {
        this(errorClass, desc, errno, "");
    }

    /** A {@code GenericError} with a text in {@link String#format} form. */
    public static QapiException generic(String format, Object... args) {
        return new QapiException(ErrorClass.GENERIC_ERROR, text(format, args), 0);
    }

    /** An error of any class with a text in {@link String#format} form. */
    public static QapiException of(ErrorClass errorClass, String format, Object... args) {
        return new QapiException(errorClass, text(format, args), 0);
    }

    /** A {@code DeviceNotFound} error. */
    public static QapiException deviceNotFound(String format, Object... args) {
        return new QapiException(ErrorClass.DEVICE_NOT_FOUND, text(format, args), 0);
    }

    /**
     * A {@code GenericError} whose text ends in ": " and the C library's text of the error.
     *
     * @param errno a positive error number, or the negative result of a call of the data path
     */
    public static QapiException fromErrno(int errno, String format, Object... args) {
        int positive = Math.abs(errno);
        return new QapiException(
                ErrorClass.GENERIC_ERROR, text(format, args) + ": " + Errno.message(positive), positive);
    }

    /**
     * A {@code GenericError} with the text as it is, and the error number that a caller on the data path returns for it.
     *
     * @param errno a positive error number, or the negative result of a call of the data path
     */
    public static QapiException withErrno(int errno, String format, Object... args) {
        return new QapiException(ErrorClass.GENERIC_ERROR, text(format, args), Math.abs(errno));
    }

    /** The same error with more text before it. QEMU: {@code error_prepend}. */
    public QapiException prepend(String format, Object... args) {
        return new QapiException(errorClass, text(format, args) + getMessage(), errno, hint);
    }

    /** The same error with advice for whoever typed the command line; a QMP reply leaves it out. */
    public QapiException withHint(String text) {
        return new QapiException(errorClass, desc(), errno, text);
    }

    public ErrorClass errorClass() {
        return errorClass;
    }

    /** The message, never null. */
    public String desc() {
        String message = getMessage();
        return message == null ? "" : message;
    }

    /** The positive error number behind this error, or 0 where there is none. */
    public int errno() {
        return errno;
    }

    /** Advice that goes on the lines below the message, or "" where there is none. */
    public String hint() {
        return hint;
    }

    private static String text(String format, Object... args) {
        return args.length == 0 ? format : String.format(Locale.ROOT, format, args);
    }
}

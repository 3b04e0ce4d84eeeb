package org.qsd4j.sys;

/** A system call of the control path failed. The message is its name and the C library's text. */
public final class SysException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int errno;

    public SysException(int errno, String call) {
        super(call + ": " + Errno.message(errno), null, false, false);
        this.errno = errno;
    }

    /** The message, never null. */
    public String text() {
        String message = getMessage();
        return message == null ? "" : message;
    }

    /** Positive. */
    public int errno() {
        return errno;
    }

    /** Lets a result through unless it is -errno. */
    static int check(int result, String call) throws SysException {
        if (result < 0) {
            throw new SysException(-result, call);
        }
        return result;
    }
}

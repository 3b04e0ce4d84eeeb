package org.qsd4j.daemon;

/** An option asks the program to end at once: the list that it wanted has been printed. */
final class Exit extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    Exit(int status) {
        super(null, null, false, false);
        this.status = status;
    }

    int status() {
        return status;
    }
}

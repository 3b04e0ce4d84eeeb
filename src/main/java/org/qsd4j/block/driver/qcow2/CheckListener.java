package org.qsd4j.block.driver.qcow2;

/** Follows a check. */
public interface CheckListener {
    /** For whom only the result counts. */
    CheckListener NONE = new CheckListener() {
        @Override
        public void found(String message) {}

        @Override
        public void progress(double part) {}
    };

    /** A finding, in the real tool's words. */
    void found(String message);

    /** How much is done, from 0 to 1. */
    void progress(double part);
}

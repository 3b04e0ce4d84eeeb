package org.qsd4j.chardev;

import java.nio.ByteBuffer;

/** The one reader of a chardev. QEMU: CharFrontend. All calls come from the chardev's own thread, one after another. */
public interface ChardevFrontend {
    /** A peer is there: what is written from now on reaches it. */
    void opened();

    /**
     * Bytes from the peer. The frontend takes as many as it wants by advancing the position; the rest is kept and offered
     * again after {@link Chardev#resumeInput()}. The buffer is valid during the call only.
     */
    void received(ByteBuffer bytes);

    /**
     * Whether something that the peer has sent is still being worked on. A peer that only ended its own sending is kept
     * until this is false, so that it gets its answers; a change to false is told by {@link Chardev#resumeInput()}.
     */
    boolean isBusy();

    /** The peer is gone. */
    void closed();

    /** Whether it listens itself, or has somebody who does. Main loop. */
    default boolean isOpen() {
        return true;
    }
}

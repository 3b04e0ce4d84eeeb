package org.qsd4j.chardev;

import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qom.QomObject;

/**
 * A stream of bytes with a name, to which one frontend can be attached. QEMU: Chardev. Each has a thread of its own, or
 * shares one, on which everything about its peer happens.
 */
public abstract class Chardev implements QomObject {
    private final String id;
    private final ChardevLog log;

    /** Who has the chardev, whether its thread knows yet or not. Main loop. */
    private @Nullable ChardevFrontend owner;

    /** Who is served. The chardev's thread. */
    private @Nullable ChardevFrontend frontend;

    Chardev(String id, ChardevLog log) {
        this.id = id;
        this.log = log;
    }

    public final String id() {
        return id;
    }

    /** What query-chardev shows as {@code filename}: the kind of the peer and where it is. Any thread. */
    public abstract String filename();

    /** Attaches the frontend; its calls may begin before this returns. Main loop. */
    public void attach(ChardevFrontend newFrontend) {
        if (owner != null) {
            throw QapiException.generic("chardev '%s' is already in use", id);
        }
        owner = newFrontend;
        execute(() -> {
            frontend = newFrontend;
            frontendAttached(newFrontend);
        });
    }

    /** Lets go of a frontend, which is told that its peer is gone. Input waits for the next one. Main loop. */
    public void detach(ChardevFrontend old) {
        if (owner != old) {
            return;
        }
        owner = null;
        execute(() -> {
            frontend = null;
            frontendDetached();
            old.closed();
        });
    }

    /** Whether a frontend is attached. Main loop. */
    public boolean isBusy() {
        return owner != null;
    }

    /** Whether somebody listens, who may be behind the frontend. Main loop. */
    public final boolean isFrontendOpen() {
        return isBusy() && (owner == null || owner.isOpen());
    }

    /** What the peer is to be told of the chardev once; null if there is nothing. Main loop. */
    public @Nullable String pty() {
        return null;
    }

    /** Sends a break, where the peer is at the end of a serial line. Main loop. */
    public void sendBreak() {}

    /** Whether the peer is served by a thread of its own, so that its commands can overtake those of the main loop. */
    public boolean hasThread() {
        return true;
    }

    /** Who is served. On the chardev's thread. */
    final @Nullable ChardevFrontend frontend() {
        return frontend;
    }

    /** Starts to deliver input, and tells of a peer that is there already. On the chardev's thread. */
    abstract void frontendAttached(ChardevFrontend attached);

    /** Stops to deliver input. On the chardev's thread. */
    void frontendDetached() {}

    /** Runs a task on the chardev's thread, between the frontend's calls. Any thread. */
    public abstract void execute(Runnable task);

    /** Offers kept input to the frontend again. On the chardev's thread. */
    public abstract void resumeInput();

    /**
     * Sends bytes to the peer, in the order of the calls; without a peer they are dropped. The array is handed over. On
     * the chardev's thread.
     */
    public final void write(byte[] bytes) {
        log.write(bytes);
        send(bytes);
    }

    abstract void send(byte[] bytes);

    /**
     * Sends what is queued as far as the peer takes it within a moment, closes, and removes a socket file of its own. Main
     * loop.
     */
    final void close() {
        closePeer();
        log.close();
    }

    abstract void closePeer();
}

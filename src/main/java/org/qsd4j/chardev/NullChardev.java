package org.qsd4j.chardev;

import java.util.List;
import org.qsd4j.qom.QomProperty;

/** No input; output is dropped. QEMU: char-null.c. Its thread is whichever calls. */
final class NullChardev extends Chardev {
    private final String kind;
    private final Runnable closed;

    /** @param closed is run in the end */
    NullChardev(String id, ChardevLog log, String kind, Runnable closed) {
        super(id, log);
        this.kind = kind;
        this.closed = closed;
    }

    @Override
    public String filename() {
        return kind;
    }

    @Override
    public List<QomProperty> properties() {
        return List.of();
    }

    @Override
    public String qomType() {
        return "chardev-" + kind;
    }

    @Override
    void frontendAttached(ChardevFrontend attached) {}

    @Override
    public void execute(Runnable task) {
        task.run();
    }

    @Override
    public boolean hasThread() {
        return false;
    }

    @Override
    public void resumeInput() {}

    @Override
    void send(byte[] bytes) {}

    @Override
    void closePeer() {
        closed.run();
    }
}

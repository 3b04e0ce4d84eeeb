package org.qsd4j.chardev;

import java.util.List;
import org.qsd4j.qom.QomProperty;

/** A buffer in memory that keeps the newest output; no input. QEMU: char-ringbuf.c. Its thread is whichever calls. */
public final class RingbufChardev extends Chardev {
    private final String kind;
    private final byte[] buffer;
    private long produced;
    private long consumed;

    /**
     * @param kind {@code ringbuf}, or {@code memory}, its old name
     * @param size a power of two
     */
    RingbufChardev(String id, ChardevLog log, String kind, int size) {
        super(id, log);
        this.kind = kind;
        this.buffer = new byte[size];
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
    void frontendAttached(ChardevFrontend attached) {
        attached.opened();
    }

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
    synchronized void send(byte[] bytes) {
        for (byte b : bytes) {
            buffer[(int) (produced++ & (buffer.length - 1))] = b;
        }
        consumed = Math.max(consumed, produced - buffer.length);
    }

    /** Takes up to that many of the oldest bytes out. */
    public synchronized byte[] read(int maxBytes) {
        byte[] bytes = new byte[(int) Math.min(maxBytes, produced - consumed)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = buffer[(int) (consumed++ & (buffer.length - 1))];
        }
        return bytes;
    }

    @Override
    void closePeer() {}
}
